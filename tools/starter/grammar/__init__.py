"""The probabilistic grammar that writes every word the starter model is pretrained on."""
