"""Calderone et al. 2024: throw out what is certainly not a quasar, step by step."""
