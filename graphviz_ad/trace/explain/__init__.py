"""Where a gradient comes from: contributions, elements, Jacobians, paths and checks of a trace."""
