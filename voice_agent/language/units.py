"""The measures and packages parts are counted in."""

from __future__ import annotations

UNITS = {
    "en": frozenset(
        "gallon gallons liter liters litre litres quart quarts pint pints pound pounds lb lbs ounce ounces oz "
        "kilo kilos gram "
        "grams foot feet inch inches meter meters metre metres yard yards roll rolls box boxes bag bags can "
        "cans bottle bottles "
        "tube tubes pack packs packet packets case cases sheet sheets bucket buckets length lengths spool "
        "spools coil coils tank "
        "tanks cylinder cylinders jug jugs stick sticks set sets kit kits section sections piece pieces carton "
        "cartons strip strips "
        "tub tubs drum drums bundle bundles".split()
    ),
    "es": frozenset(
        "galon galones litro litros cuarto cuartos libra libras onza onzas kilo kilos gramo gramos pie pies "
        "pulgada pulgadas metro "
        "metros yarda yardas rollo rollos caja cajas bolsa bolsas lata latas botella botellas tubo tubos "
        "paquete paquetes hoja hojas "
        "cubeta cubetas tanque tanques cilindro cilindros juego juegos pieza piezas tramo tramos carrete "
        "carretes bote botes "
        "tira tiras".split()
    ),
}

_IN_SPANISH = {
    "gallon": "galón",
    "quart": "cuarto",
    "pint": "pinta",
    "liter": "litro",
    "litre": "litro",
    "pound": "libra",
    "lb": "libra",
    "ounce": "onza",
    "oz": "onza",
    "kilogram": "kilo",
    "kg": "kilo",
    "gram": "gramo",
    "foot": "pie",
    "feet": "pie",
    "ft": "pie",
    "inch": "pulgada",
    "yard": "yarda",
    "meter": "metro",
    "metre": "metro",
    "roll": "rollo",
    "box": "caja",
    "bag": "bolsa",
    "can": "lata",
    "bottle": "botella",
    "tube": "tubo",
    "pack": "paquete",
    "sheet": "hoja",
    "bucket": "cubeta",
    "tank": "tanque",
    "cylinder": "cilindro",
    "pair": "par",
    "set": "juego",
    "kit": "juego",
    "case": "caja",
    "carton": "caja",
    "spool": "carrete",
    "coil": "rollo",
    "length": "tramo",
    "strip": "tira",
}


def in_language(unit: str, lang: str) -> str:
    """A unit as records write it, in the words of `lang`: "Foot" is "pie". One that is not known stays as it is."""
    name = unit.strip().lower()
    return _IN_SPANISH.get(name.removesuffix("s") if name not in _IN_SPANISH else name, name) if lang == "es" else name
