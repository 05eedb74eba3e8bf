"""GO evidence codes: what each stands for, which may never serve as labels, and which terms of ECO stand for them.

Sources: Guide to GO evidence codes (geneontology.org/docs/guide-go-evidence-codes), plus the codes of older files; the
Evidence and Conclusion Ontology's gaf-eco-mapping-derived.txt (public domain).
"""

from functools import cache

KNOWN: dict[str, str] = {
    # experiments
    "EXP": "Inferred from Experiment",
    "IDA": "Inferred from Direct Assay",
    "IPI": "Inferred from Physical Interaction",
    "IMP": "Inferred from Mutant Phenotype",
    "IGI": "Inferred from Genetic Interaction",
    "IEP": "Inferred from Expression Pattern",
    # high-throughput experiments
    "HTP": "Inferred from High Throughput Experiment",
    "HDA": "Inferred from High Throughput Direct Assay",
    "HMP": "Inferred from High Throughput Mutant Phenotype",
    "HGI": "Inferred from High Throughput Genetic Interaction",
    "HEP": "Inferred from High Throughput Expression Pattern",
    # phylogeny
    "IBA": "Inferred from Biological aspect of Ancestor",
    "IBD": "Inferred from Biological aspect of Descendant",
    "IKR": "Inferred from Key Residues",
    "IRD": "Inferred from Rapid Divergence",
    "IMR": "Inferred from Missing Residues",  # historic: now IKR
    # computation
    "ISS": "Inferred from Sequence or structural Similarity",
    "ISO": "Inferred from Sequence Orthology",
    "ISA": "Inferred from Sequence Alignment",
    "ISM": "Inferred from Sequence Model",
    "IGC": "Inferred from Genomic Context",
    "RCA": "Inferred from Reviewed Computational Analysis",
    "IEA": "Inferred from Electronic Annotation",
    # statements of authors and curators
    "TAS": "Traceable Author Statement",
    "NAS": "Non-traceable Author Statement",
    "IC": "Inferred by Curator",
    "ND": "No biological Data available",
    "NR": "Not Recorded",  # historic
}

# inferred from expression: a label made of them would be predicted from what it was made of
FROM_EXPRESSION = frozenset({"IEP", "HEP"})

# a curator looked and found nothing: it says that nothing is known, not that nothing is there
NO_ANNOTATION = frozenset({"ND"})

# Numbers of the terms of ECO that stand for each code, ranges without gaps: its equivalent and that one's descendants.
# Beside those of the mapping: 203, IEA until 2013; 21, IPI in GPAD 1.0; 8004 and 8006, machine learning.
_ECO = """\
EXP: 269 278 288 1043 1146-1147 1149 1160 1169 1171 1177 1184 1186 1189 1228 1230 1236-1238 1240 1250-1253 1255
  1257-1260 1265 1270 1272-1273 1567 1582 1588 1594 1600 1808 1832 1835 5523 5527 5542-5543 5581 5586 5613 5629 5642
  5645 5660-5661 5666 5670 5674 5676 5802 5804 6033 6054 6165 6168 6196 6198 6200 6202 6204 6206 6210 6212 6214 6220
  6222 6228 6236 6245 6275 6283 6285 6287 6289 6299 6311 6313 6315 6317 6368 6370 6374 6376 6384 6386 6390 7062 7064
  7066 7068 7076 7078 7080 7082 7093 7095 7101 7110 7116 7120-7121 7125-7128 7130-7131 7133-7138 7141 7150 7156 7164
  7184 7191 7634 7680 7728 7730-7742 7747
IDA: 274 314 1138-1145 1148 1153-1159 1162-1163 1165-1166 1172-1174 1176 1185 1187 1190-1222 1231-1235 1239 1241
  1243 1246 1248-1249 1254 1256 1261 1263-1264 1267-1268 1271 1576 1579 1591 1847 5501 5579-5580 5589-5590 5592 5595
  5597 5601 5614 5632 5638 5801 6003-6006 6013 6015 6021 6023 6025 6027 6029 6031 6035 6037 6039 6041-6042 6044 6046
  6048 6061-6062 6064 6067 6071 6073 6208 6224 6226 6230 6232 6234 6281 6291 6301 6305 6307 6319 6323 6325 6352 6354
  6356 6358 6360 6362 6364 6366 6378 6380 6382 7016 7018 7036 7038 7040 7042 7044 7046 7048 7050 7052 7054 7056 7058
  7060 7070 7072 7084 7086 7100 7102-7104 7106-7109 7111-7115 7119 7122-7123 7142-7143 7146-7149 7151 7157 7159
  7169-7182 7185-7188 7192 7632 7684-7704 7707-7727 7846 7849
IPI: 21 353 1150-1152 1164 1170 1180-1181 1183 1188 1226-1227 1229 1242 1244-1245 1269 1807 5620 5626-5627 5631 5634
  5640 5643-5644 5647 5652 5656 5669 5805 6007-6009 6011 6030 6074-6090 6277 6279 6293 6295 6297 6303 6309 6321 6327
  6329 6388 6392 7009 7020 7022 7024 7026 7028 7030 7032 7034 7074 7129 7706
IMP: 315 1161 1167-1168 1175 1179 1224-1225 1247 1266 1585 1844 5530 5667-5668 6049-6052 6063 6099 6101 7089 7092
  7117-7118 7160-7163 7165-7168
IGI: 316 6091-6097
IEP: 270 272-273 275-277 279 281-285 287 289-291 346 349 351 1182 1570 1838 1841 5615-5617 5633 5636 5641 5648 5653
  5657 5672 6002 6068 6170 6174 6241 6243 7088 7144-7145 7154-7155 7682
HTP: 6056 6059
HDA: 7005
HMP: 7001
HGI: 7003
HEP: 7007
IBA: 318
IBD: 319
IKR: 320
IRD: 321
ISS: 250 5546 5610
ISO: 266 5544
ISA: 30-32 247 329-330 5556 5558 5560 5654 7152 7749
ISM: 255 257 260 262 264 5622 5624 5649 5658 5662
IGC: 317 354
RCA: 245 7652 7659 7666
IEA: 53 203 209-211 213 248-249 251 254 256 258-259 261 263 265 313 322-323 331-332 347-348 350 363-364 366 501 1568
  1572 1575 1578 1581 1584 1587 1590 1593 1599 1831 1834 1837 1840 1843 1846 5557 5559 5561 5618-5619 5621 5623 5625
  5628 5630 5635 5637 5639 5646 5650-5651 5655 5659 5663 5671 6057 6060 6069 6156 6158 6160 6162 6164 6167 6171 6173
  6197 6199 6201 6203 6205 6207 6209 6211 6213 6215 6217 6219 6221 6223 6225 6227 6229 6231 6233 6235 6237 6242 6244
  6246 6276 6278 6280 6282 6284 6286 6288 6290 6292 6294 6296 6298 6300 6302 6304 6306 6308 6310 6312 6314 6316 6318
  6320 6322 6324 6326 6328 6330 6353 6355 6357 6359 6361 6363 6365 6367 6369 6371 6373 6375 6377 6379 6381 6383 6385
  6387 6389 6391 6393 6397 7193-7194 7196-7208 7210-7227 7229-7235 7237-7242 7245-7261 7263-7286 7288-7292 7295-7307
  7309-7425 7427-7630 7633 7635 7650 7653 7657 7660 7664 7667 7669 7676 7679 7681 7765-7783 7785-7830 7832-7843 7845
  7848 8004 8006
TAS: 304 6017
NAS: 303 5547 7746
IC: 305-306 6019 7752-7763
ND: 307
"""


def of_eco(term: str) -> str | None:
    """The GO evidence code that a term of ECO stands for; None where it is not known to stand for one.

    >>> of_eco("ECO:0000314"), of_eco("ECO:0007202"), of_eco("ECO:0000000")
    ('IDA', 'IEA', None)
    """
    return eco_codes().get(term)


@cache
def eco_codes() -> dict[str, str]:
    """The GO evidence code of each term of ECO that is known to stand for one."""
    code = ""
    found: dict[str, str] = {}
    for word in _ECO.split():
        if word.endswith(":"):
            code = word.removesuffix(":")
            continue
        first, _, last = word.partition("-")
        found |= {f"ECO:{number:07}": code for number in range(int(first), int(last or first) + 1)}
    return found
