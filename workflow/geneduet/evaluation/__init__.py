"""How good the scores are: CAFA's metrics, ranking and calibration, with intervals over homology families.

`cases` says who is judged on what, `judgement` measures and compares, `headlines` says it in words. Beneath: the
metrics (`protein_centric`, `ranking`, `reliability`), `bootstrap`, and the tables of thresholds and of figures
(`thresholds`, `curves`, `by_information_content`, `label_value`).
"""
