"""The engine's speed against its peers: ``python -m benchmarks`` measures and writes the report."""
