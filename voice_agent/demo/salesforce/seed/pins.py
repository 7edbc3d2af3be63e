"""The keypad PINs of the demo technicians and their hashes, worked out once: scrypt is slow on purpose.

Form: `scrypt$N$r$p$salt$hash`, base64, 32 bytes. A test checks that each belongs to its PIN.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pin:
    """A PIN and what the org stores of it."""

    digits: str
    hashed: str


FIRST = (
    Pin("482913", "scrypt$16384$8$1$WBEs1gH5qldvmg1L1ZAjrg==$dMd+lF6IEtsOzQEqeaqZIcFtB+zFkISxkDo6Rc9OD20="),
    Pin("730264", "scrypt$16384$8$1$v7gnbOA5JCB68nMOjSopnA==$OYPkfMiKMWvYgmswXszrGCKTtyU+58Kqhg4EeAOkfN4="),
    Pin("915378", "scrypt$16384$8$1$wlZgMbVK95LsFPkEvEESGg==$5HBiuaOE+txt6ZwYrCOJN5RqXfpyJIYlu/suR2D5Ep0="),
    Pin("264807", "scrypt$16384$8$1$DISLReACXsUjHE2xdKPLdw==$xTQC0mTS52zKrGdIUJ94n2MtXcCQaHEFVeubCzG6v5A="),
    Pin("508142", "scrypt$16384$8$1$08WATaERRRHFaTl10OE3Sw==$ZIhHi3XTz1CeJRxQtApwkQXhwgTYAKLM7eOmRORjc2s="),
    Pin("671935", "scrypt$16384$8$1$cflJjsZkTVp8LRxZEM1R8g==$3z4oT1t06YvTNID61eFJWwDJOri+LTDJ0EP4SwG0114="),
    Pin("349026", "scrypt$16384$8$1$IoPmvJTNIPStBo2rLuqbCg==$1gPuglF3RpkxuBJeQbYoMxD+TJDlEWmmWew58S6DTr8="),
    Pin("826451", "scrypt$16384$8$1$yu2bKjVjaKJPls+EQFraXg==$mTxTsursYHppSHUmaaHCVDY+u6tc6aqa51knWlnOuvo="),
)
SECOND = (
    Pin("193746", "scrypt$16384$8$1$lPbWnnVjR0LGS1GJC0JpMQ==$DGa4zZL4Vf0y9Qeu0DECbo9ScL5GmMwFpNneoBeJJow="),
    Pin("605218", "scrypt$16384$8$1$MxlRueeTs5Z7lAUityMA6g==$Jgdr1Ogl+2Y97/sb8veeEtqbPCALxqbqd+0+Km1UtH0="),
    Pin("874930", "scrypt$16384$8$1$4lNlPH9WpnmxBZjdtBIw5Q==$uQ2uljQqn6OG5d6YMIflWAYFkNlZ0p0yBkW/2TzEVBM="),
    Pin("412597", "scrypt$16384$8$1$bieAzLgBU/QUU+HfBrLPAg==$IazUciIkn0rU1tXL2mF28uHUIr07vDjG0Q+zbBm54r8="),
    Pin("958063", "scrypt$16384$8$1$eI/0aP78iOEyS7FHbZZhfw==$Mw+HupmKlfe+ZHalgoIFm8oDPBN+AR/5ckUSrbHd4V4="),
    Pin("237184", "scrypt$16384$8$1$MtoDGIgJvv6KvEzPAzQm+A==$J+WgBQHOryZNetQ8TyiuPfzSEBiaO8b6y2s9bobGsO8="),
    Pin("760429", "scrypt$16384$8$1$pbSZPGjajxzo96rabFinKA==$5PvdD+m9GETXYuePUFJQMa2wiaWLQvCumoKQJ1zIcvU="),
    Pin("581672", "scrypt$16384$8$1$wrDW2kQhoHEJMP9xiCrxLw==$Ts8BLg6HSfQ8jetYwxE1P7cVRxtmTTqKMTNDgGSUMDw="),
)
