"""The words of each demo org: the same story told with other names, numbers, zones and status values."""

from collections.abc import Mapping
from dataclasses import dataclass

from voice_agent.demo.salesforce.org import Status
from voice_agent.demo.salesforce.seed import pins


@dataclass(frozen=True, slots=True)
class Place:
    """A territory: where it lies, and streets to live in."""

    key: str
    name: str
    zone: str
    city: str
    state: str
    country: str
    postal_codes: tuple[str, ...]
    latitude: float
    longitude: float
    streets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Technician:
    """A service resource with a van."""

    key: str
    first: str
    last: str
    employee_number: str
    place: str
    skills: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Part:
    """A product and what is usually in a van and in a warehouse."""

    key: str
    name: str
    code: str
    family: str
    unit: str
    price: float
    van: float
    warehouse: float


@dataclass(frozen=True, slots=True)
class Variant:
    """Everything that differs between the demo orgs."""

    name: str
    org_id: str
    zone: str
    locale: str
    calling_code: str
    domain: str
    client_id: str
    client_secret: str
    username: str
    password: str
    places: tuple[Place, Place]
    technicians: tuple[Technician, ...]
    pins: tuple[pins.Pin, ...]
    parts: tuple[Part, ...]
    named: Mapping[str, tuple[str, str]]
    """Role in the story to first and last name."""
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    businesses: tuple[str, ...]
    household: str
    """How the account of a family is called, with {} for its name."""
    appointment_statuses: tuple[Status, ...]
    work_order_statuses: tuple[Status, ...]
    first_work_order: int
    first_appointment: int
    story_work_order: int
    """Number of the work order that the lead technician is at."""
    number_block: tuple[str, ...]
    """Stems of phone numbers kept for fiction; two or three digits follow."""

    def appointment_status(self, category: str) -> str:
        return next(status.value for status in self.appointment_statuses if status.category == category)

    def work_order_status(self, category: str) -> str:
        return next(status.value for status in self.work_order_statuses if status.category == category)


FIRST = Variant(
    name="Brightwater Comfort Services",
    org_id="00DHq0000000001MAA",
    zone="America/Chicago",
    locale="en_US",
    calling_code="1",
    domain="brightwater.example",
    client_id="3MVG9brightwaterVoiceAgentDemo",
    client_secret="brightwater-demo-client-secret",
    username="integration@brightwater.example",
    password="brightwater-demo-password",
    places=(
        Place(
            "chicago",
            "Chicago North",
            "America/Chicago",
            "Chicago",
            "IL",
            "United States",
            ("60613", "60614", "60618", "60640", "60657"),
            41.9484,
            -87.6553,
            ("N Clark St", "W Addison St", "N Ashland Ave", "W Irving Park Rd", "N Damen Ave"),
        ),
        Place(
            "phoenix",
            "Phoenix Valley",
            "America/Phoenix",
            "Phoenix",
            "AZ",
            "United States",
            ("85004", "85006", "85013", "85016", "85018"),
            33.4484,
            -112.074,
            ("E Camelback Rd", "N 7th St", "W Thomas Rd", "E Indian School Rd", "N Central Ave"),
        ),
    ),
    technicians=(
        Technician("alex", "Alex", "Rivera", "1042", "chicago", {"hvac": 80, "heating": 70, "refrigeration": 60}),
        Technician("dana", "Dana", "Kowalski", "1057", "chicago", {"hvac": 60, "heating": 80, "gas": 70}),
        Technician("marcus", "Marcus", "Bell", "1063", "chicago", {"hvac": 50, "electrical": 80, "controls": 60}),
        Technician("priya", "Priya", "Nair", "1071", "chicago", {"refrigeration": 90, "hvac": 70, "controls": 70}),
        Technician("tomas", "Tomas", "Lindqvist", "1088", "chicago", {"heating": 60, "gas": 80, "hvac": 40}),
        Technician("luis", "Luis", "Ortega", "2011", "phoenix", {"hvac": 90, "electrical": 60, "heating": 50}),
        Technician("jenna", "Jenna", "Whitfield", "2024", "phoenix", {"hvac": 70, "refrigeration": 80}),
        Technician("sam", "Sam", "Begay", "2036", "phoenix", {"hvac": 60, "controls": 80, "heating": 60, "gas": 60}),
    ),
    pins=pins.FIRST,
    parts=(
        Part("r410a", "R-410A refrigerant", "RF4100", "Refrigerant", "Gallon", 92.5, 12, 140),
        Part("flame", "Flame sensor", "KX2210", "Parts", "Each", 24.9, 5, 40),
        Part("belt", "Blower belt", "BB4L360", "Parts", "Each", 18.4, 2, 30),
        Part("capacitor", "Run capacitor 45/5", "CP4505", "Parts", "Each", 21.0, 4, 60),
        Part("igniter", "Hot surface igniter", "HS1107", "Parts", "Each", 39.5, 1, 25),
        Part("contactor", "Two-pole contactor", "CN2P30", "Parts", "Each", 27.75, 3, 35),
        Part("thermostat", "Smart thermostat", "TS6000", "Equipment", "Each", 129.0, 1, 18),
        Part("motor", "Condenser fan motor", "FM1408", "Parts", "Each", 164.0, 1, 9),
        Part("filter", "Pleated filter 16x25", "PF1625", "Consumables", "Each", 6.2, 20, 400),
        Part("board", "Furnace control board", "CB9930", "Parts", "Each", 212.0, 0, 6),
        Part("pump", "Condensate pump", "PU0120", "Parts", "Each", 58.0, 1, 0),
        Part("wire", "Thermostat wire", "TW1805", "Consumables", "Foot", 0.6, 100, 2000),
    ),
    named={
        "maria": ("Maria", "Gonzalez"),
        "enroute": ("Helen", "Park"),
        "stale": ("Walter", "Mueller"),
        "stopped": ("Frank", "Dubois"),
        "busy": ("Olivia", "Brennan"),
        "quoted": ("Conor", 'O\'Neil "Mac" \\ Sons'),
        "ten": ("Nadia", "Haddad"),
        "silent": ("Grace", "Lindgren"),
        "lockedout": ("Victor", "Stanek"),
        "paid": ("Ruth", "Adeyemi"),
    },
    first_names=(
        "Aaron",
        "Beth",
        "Carlos",
        "Diane",
        "Edwin",
        "Fatima",
        "George",
        "Hannah",
        "Ivan",
        "Julia",
        "Kevin",
        "Laura",
        "Miguel",
        "Nora",
        "Oscar",
        "Paula",
        "Quentin",
        "Rosa",
        "Steven",
        "Tara",
        "Umar",
        "Vera",
        "William",
        "Ximena",
        "Yusuf",
        "Zoe",
        "Anton",
        "Bianca",
        "Cyrus",
        "Delia",
    ),
    last_names=(
        "Abbott",
        "Barnes",
        "Castillo",
        "Dawson",
        "Ellison",
        "Ferrara",
        "Gupta",
        "Hoffman",
        "Ibrahim",
        "Jensen",
        "Keller",
        "Larsen",
        "Morales",
        "Novak",
        "Osborne",
        "Petrov",
        "Quinn",
        "Ramirez",
        "Schultz",
        "Turner",
        "Underwood",
        "Vasquez",
        "Walsh",
        "Xiong",
        "Young",
        "Zimmerman",
        "Acosta",
        "Bauer",
        "Conti",
        "Drake",
    ),
    businesses=(
        "Lakeview Bakery",
        "Harbor Dental Group",
        "Wrigley Books",
        "Northside Veterinary",
        "Greenleaf Grocery",
        "Copper State Gym",
        "Saguaro Senior Living",
        "Desert Bloom Florist",
        "Camelback Print Works",
        "Ashland Diner",
        "Ravenswood Brewery",
        "Sunbelt Storage",
    ),
    household="{} Household",
    appointment_statuses=(
        Status("None", "None", "None", True),
        Status("Scheduled", "Scheduled", "Scheduled"),
        Status("Dispatched", "Dispatched", "Dispatched"),
        Status("In Progress", "In Progress", "InProgress"),
        Status("Completed", "Completed", "Completed"),
        Status("Cannot Complete", "Cannot Complete", "CannotComplete"),
        Status("Canceled", "Canceled", "Canceled"),
    ),
    work_order_statuses=(
        Status("New", "New", "New", True),
        Status("In Progress", "In Progress", "InProgress"),
        Status("On Hold", "On Hold", "OnHold"),
        Status("Completed", "Completed", "Completed"),
        Status("Closed", "Closed", "Closed"),
        Status("Cannot Complete", "Cannot Complete", "CannotComplete"),
        Status("Canceled", "Canceled", "Canceled"),
    ),
    first_work_order=4520,
    first_appointment=2300,
    story_work_order=4512,
    number_block=("+131255501", "+177355501", "+184755501", "+160255501", "+148055501"),
)

SECOND = Variant(
    name="Northgate Heating & Cooling",
    org_id="00DHq0000000002MAA",
    zone="Europe/London",
    locale="en_GB",
    calling_code="44",
    domain="northgate.example",
    client_id="3MVG9northgateVoiceAgentDemo",
    client_secret="northgate-demo-client-secret",
    username="integration@northgate.example",
    password="northgate-demo-password",
    places=(
        Place(
            "london",
            "Thames Reach",
            "Europe/London",
            "London",
            "Greater London",
            "United Kingdom",
            ("N1 9AG", "E8 3PH", "SE1 7PB", "W12 7RJ", "NW3 2QG"),
            51.5074,
            -0.1278,
            ("Albion Road", "Mill Lane", "Station Parade", "Canal Walk", "Orchard Street"),
        ),
        Place(
            "dublin",
            "Dublin Bay",
            "Europe/Dublin",
            "Dublin",
            "Leinster",
            "Ireland",
            ("D02 X285", "D04 A1P6", "D06 F6X2", "D08 NX01", "D14 K2R9"),
            53.3498,
            -6.2603,
            ("Harcourt Terrace", "Strand Road", "Grove Park", "Temple Lane", "Marine Drive"),
        ),
    ),
    technicians=(
        Technician("alex", "Imogen", "Fairfax", "7003", "london", {"hvac": 80, "heating": 70, "refrigeration": 60}),
        Technician("dana", "Callum", "Reid", "7019", "london", {"hvac": 60, "heating": 80, "gas": 70}),
        Technician("marcus", "Femi", "Adebayo", "7022", "london", {"hvac": 50, "electrical": 80, "controls": 60}),
        Technician("priya", "Anjali", "Kapoor", "7035", "london", {"refrigeration": 90, "hvac": 70, "controls": 70}),
        Technician("tomas", "Rhys", "Morgan", "7048", "london", {"heating": 60, "gas": 80, "hvac": 40}),
        Technician("luis", "Aoife", "Brady", "8001", "dublin", {"hvac": 90, "electrical": 60, "heating": 50}),
        Technician("jenna", "Declan", "Foley", "8016", "dublin", {"hvac": 70, "refrigeration": 80}),
        Technician(
            "sam", "Niamh", "Corcoran", "8027", "dublin", {"hvac": 60, "controls": 80, "heating": 60, "gas": 60}
        ),
    ),
    pins=pins.SECOND,
    parts=(
        Part("r410a", "R-32 refrigerant", "RG3200", "Refrigerant", "Litre", 31.0, 15, 180),
        Part("flame", "Flame detection electrode", "FE0778", "Parts", "Each", 19.5, 4, 30),
        Part("belt", "Fan belt", "FB1180", "Parts", "Each", 12.2, 3, 25),
        Part("capacitor", "Motor capacitor 40 µF", "MC4040", "Parts", "Each", 14.0, 5, 50),
        Part("igniter", "Ignition lead", "IL2203", "Parts", "Each", 17.5, 2, 20),
        Part("contactor", "Three-pole contactor", "TC3P25", "Parts", "Each", 33.4, 2, 20),
        Part("thermostat", "Wireless room stat", "WR5100", "Equipment", "Each", 88.0, 2, 15),
        Part("motor", "Circulation pump head", "CH1560", "Parts", "Each", 142.0, 1, 7),
        Part("filter", "Magnetic filter", "MF0022", "Consumables", "Each", 54.0, 6, 80),
        Part("board", "Boiler control board", "BC7714", "Parts", "Each", 189.0, 0, 5),
        Part("pump", "Condensate pump", "CD0909", "Parts", "Each", 49.0, 1, 0),
        Part("wire", "Heat-resistant flex", "HF0750", "Consumables", "Foot", 0.4, 80, 1500),
    ),
    named={
        "maria": ("Beatriz", "Almeida"),
        "enroute": ("Margaret", "Osgood"),
        "stale": ("Henry", "Tindall"),
        "stopped": ("Gareth", "Pugh"),
        "busy": ("Saoirse", "Kinsella"),
        "quoted": ("Fergus", 'D\'Arcy "Ned" \\ Co'),
        "ten": ("Yasmin", "Darwish"),
        "silent": ("Edith", "Hargreaves"),
        "lockedout": ("Piotr", "Zielinski"),
        "paid": ("Comfort", "Mensah"),
    },
    first_names=(
        "Alastair",
        "Bronwyn",
        "Cedric",
        "Daphne",
        "Eamon",
        "Fiona",
        "Graham",
        "Harriet",
        "Ishaan",
        "Jemima",
        "Kieran",
        "Lorna",
        "Malcolm",
        "Nuala",
        "Owen",
        "Phoebe",
        "Rupert",
        "Sinead",
        "Tobias",
        "Una",
        "Vikram",
        "Winifred",
        "Xander",
        "Yvonne",
        "Zachary",
        "Ailsa",
        "Barnaby",
        "Ciara",
        "Dominic",
        "Elspeth",
    ),
    last_names=(
        "Ashworth",
        "Blackwood",
        "Cavanagh",
        "Dunmore",
        "Eastwood",
        "Fenwick",
        "Gallagher",
        "Hathaway",
        "Ingram",
        "Jarvis",
        "Kendrick",
        "Lockhart",
        "Maguire",
        "Nesbitt",
        "Oakley",
        "Pemberton",
        "Radcliffe",
        "Sheridan",
        "Thackeray",
        "Upton",
        "Vaughan",
        "Whitaker",
        "Yardley",
        "Zeller",
        "Appleby",
        "Bannister",
        "Crowther",
        "Delaney",
        "Everett",
        "Forsyth",
    ),
    businesses=(
        "Harrow Lane Surgery",
        "Quayside Fishmongers",
        "Thistle Bookshop",
        "Abbey Kennels",
        "Market Row Greengrocer",
        "Clifton Squash Club",
        "Elmwood Care Home",
        "Petal & Stem",
        "Foundry Press",
        "Kiln Cafe",
        "Tannery Ales",
        "Docklands Storage",
    ),
    household="{} Residence",
    appointment_statuses=(
        Status("Unassigned", "Unassigned", "None", True),
        Status("Booked", "Booked", "Scheduled"),
        Status("Released", "Released", "Dispatched"),
        Status("On Site", "On Site", "InProgress"),
        Status("Done", "Done", "Completed"),
        Status("Could Not Complete", "Could Not Complete", "CannotComplete"),
        Status("Cancelled", "Cancelled", "Canceled"),
    ),
    work_order_statuses=(
        Status("Open", "Open", "New", True),
        Status("Working", "Working", "InProgress"),
        Status("Paused", "Paused", "OnHold"),
        Status("Finished", "Finished", "Completed"),
        Status("Archived", "Archived", "Closed"),
        Status("Could Not Complete", "Could Not Complete", "CannotComplete"),
        Status("Cancelled", "Cancelled", "Canceled"),
    ),
    first_work_order=7720,
    first_appointment=5100,
    story_work_order=7706,
    number_block=("+4477009000", "+4477009002", "+4477009004", "+4477009006", "+4477009008"),
)

VARIANTS = {"first": FIRST, "second": SECOND}
