"""Losses and distances as modules, made from the ops."""

from __future__ import annotations

from graphviz_ad.nn.from_ops import from_op

MSELoss = from_op("MSELoss", "mse_loss")
L1Loss = from_op("L1Loss", "l1_loss")
SmoothL1Loss = from_op("SmoothL1Loss", "smooth_l1_loss")
HuberLoss = from_op("HuberLoss", "huber_loss")
CrossEntropyLoss = from_op("CrossEntropyLoss", "cross_entropy")
NLLLoss = from_op("NLLLoss", "nll_loss")
BCELoss = from_op("BCELoss", "binary_cross_entropy")
BCEWithLogitsLoss = from_op("BCEWithLogitsLoss", "binary_cross_entropy_with_logits")
KLDivLoss = from_op("KLDivLoss", "kl_div")
PoissonNLLLoss = from_op("PoissonNLLLoss", "poisson_nll_loss")
GaussianNLLLoss = from_op("GaussianNLLLoss", "gaussian_nll_loss")
HingeEmbeddingLoss = from_op("HingeEmbeddingLoss", "hinge_embedding_loss")
CosineEmbeddingLoss = from_op("CosineEmbeddingLoss", "cosine_embedding_loss")
MarginRankingLoss = from_op("MarginRankingLoss", "margin_ranking_loss")
TripletMarginLoss = from_op("TripletMarginLoss", "triplet_margin_loss")
MultiMarginLoss = from_op("MultiMarginLoss", "multi_margin_loss")
MultiLabelMarginLoss = from_op("MultiLabelMarginLoss", "multilabel_margin_loss")
SoftMarginLoss = from_op("SoftMarginLoss", "soft_margin_loss")

CosineSimilarity = from_op("CosineSimilarity", "cosine_similarity")
PairwiseDistance = from_op("PairwiseDistance", "pairwise_distance")
