"""Training on real data beside PyTorch: ``python -m benchmarks.training`` writes the table."""
