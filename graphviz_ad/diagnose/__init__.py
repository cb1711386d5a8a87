"""Diagnosis: which op lost the gradient, by how much, and why.

Nothing is imported here: the public function `graphviz_ad.diagnose` has this package's name.
"""
