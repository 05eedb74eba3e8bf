"""How good the scores are: CAFA's metrics, ranking and calibration, with intervals over homology families.

`aspect` makes all tables of an aspect: `cases` says who is judged on what, `judgement` measures and compares, and
`headlines` says it in words. Beneath: the metrics (`protein_centric`, `ranking`, `reliability`, all of `counting`),
`bootstrap`, and further tables (`thresholds`, `open_world`, `label_value`, and `curves`, which the figures draw).
"""
