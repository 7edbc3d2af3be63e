"""What the org says about itself: resources, objects, fields (sheet 2.3 describe rows)."""

from voice_agent.demo.salesforce.access import Viewer
from voice_agent.demo.salesforce.metadata import NUMERIC, Field, Schema, SObject
from voice_agent.demo.salesforce.rest.conditional import not_modified_since
from voice_agent.demo.salesforce.rest.exchange import Context, Reply, Request

_RESOURCES = (
    "sobjects",
    "query",
    "queryAll",
    "search",
    "parameterizedSearch",
    "limits",
    "composite",
    "actions",
    "jobs",
)
_SOAP = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "time": "xsd:time",
    "address": "urn:address",
    "location": "urn:location",
}


def resources(request: Request) -> Reply:
    return Reply(body={name: f"{request.base}/{name}" for name in _RESOURCES})


def everything(context: Context, request: Request) -> Reply:
    """Every object that this user may read, without fields."""
    rights = context.viewer.rights
    shown = [
        _flags(obj, context.viewer, request.base) for obj in _sorted(context.schema) if rights.allows("r", obj.name)
    ]
    return Reply(body={"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": shown})


def basic(context: Context, request: Request, name: str) -> Reply:
    obj = context.object(name)
    recent = context.database.connection.execute(
        f'SELECT "Id" FROM "{obj.name}" WHERE "LastModifiedById" = ? AND "IsDeleted" = 0 '
        f'ORDER BY "LastModifiedDate" DESC LIMIT 5',
        [context.viewer.user_id],
    )
    items = [
        {"attributes": {"type": obj.name, "url": f"{request.base}/sobjects/{obj.name}/{row[0]}"}, "Id": row[0]}
        for row in recent.fetchall()
    ]
    return Reply(body={"objectDescribe": _flags(obj, context.viewer, request.base), "recentItems": items})


def full(context: Context, request: Request, name: str) -> Reply:
    """The whole description. Metadata never changes here, so any If-Modified-Since of now or later gets 304."""
    obj = context.object(name)
    if not_modified_since(request, context.viewer.now):
        return Reply(304)
    schema = context.schema
    return Reply(
        body={
            **_flags(obj, context.viewer, request.base),
            "fields": [_field(obj, f, context.viewer) for f in obj.fields if context.viewer.sees(obj, f)],
            "childRelationships": [
                {
                    "childSObject": child.child,
                    "field": child.field.name,
                    "relationshipName": child.name or None,
                    "cascadeDelete": child.field.on_delete == "cascade",
                    "restrictedDelete": child.field.on_delete == "restrict",
                    "deprecatedAndHidden": False,
                }
                for child in schema.children(obj.name)
            ],
            "recordTypeInfos": [],
            "supportedScopes": [{"label": f"All {obj.plural.lower()}", "name": "everything"}],
            "namedLayoutInfos": [],
            "actionOverrides": [],
        }
    )


def _sorted(schema: Schema) -> list[SObject]:
    return sorted(schema.objects.values(), key=lambda obj: obj.name)


def _flags(obj: SObject, viewer: Viewer, base: str) -> dict[str, object]:
    here = f"{base}/sobjects/{obj.name}"
    rights = viewer.rights
    return {
        "name": obj.name,
        "label": obj.label,
        "labelPlural": obj.plural,
        "keyPrefix": obj.prefix,
        "custom": obj.custom,
        "customSetting": False,
        "activateable": False,
        "createable": obj.createable and rights.allows("c", obj.name),
        "updateable": obj.updateable and rights.allows("u", obj.name),
        "deletable": obj.deletable and rights.allows("d", obj.name),
        "undeletable": obj.deletable and rights.allows("d", obj.name),
        "queryable": True,
        "retrieveable": True,
        "replicateable": True,
        "searchable": obj.searchable,
        "mergeable": obj.name in ("Account", "Contact", "Case"),
        "triggerable": True,
        "layoutable": True,
        "feedEnabled": True,
        "mruEnabled": True,
        "deprecatedAndHidden": False,
        "hasSubtypes": False,
        "isSubtype": False,
        "urls": {
            "sobject": here,
            "describe": f"{here}/describe",
            "rowTemplate": f"{here}/{{ID}}",
        },
    }


def _field(obj: SObject, f: Field, viewer: Viewer) -> dict[str, object]:
    textual = f.type not in NUMERIC and f.length
    writable = viewer.edits(obj, f)
    return {
        "name": f.name,
        "label": f.label,
        "type": f.type,
        "soapType": _SOAP.get(f.type, "xsd:string"),
        "length": f.length,
        "byteLength": f.length * 3 if textual else 0,
        "precision": f.precision if f.type not in ("int",) else 0,
        "scale": f.scale,
        "digits": f.precision if f.type == "int" else 0,
        "nillable": f.nillable,
        "createable": f.createable and writable,
        "updateable": f.updateable and writable,
        "defaultedOnCreate": f.default is not None
        or f.type == "boolean"
        or f.name in ("OwnerId",)
        or any(listed.default for listed in f.values)
        or not (f.createable or f.nillable),
        "defaultValue": f.default,
        "defaultValueFormula": None,
        "autoNumber": bool(f.auto_number),
        "calculated": bool(f.formula) and f.custom,
        "calculatedFormula": None,
        "unique": f.unique,
        "externalId": f.external_id and f.custom,
        "idLookup": f.id_lookup,
        "caseSensitive": f.case_sensitive,
        "filterable": f.filterable,
        "sortable": f.filterable and f.type != "multipicklist",
        "groupable": f.filterable and f.type not in ("datetime", "double", "currency", "percent", "multipicklist"),
        "aggregatable": f.filterable and f.type not in ("boolean", "multipicklist"),
        "nameField": f.is_name,
        "namePointing": f.polymorphic,
        "polymorphicForeignKey": f.polymorphic,
        "referenceTo": list(f.reference_to),
        "relationshipName": f.relationship or None,
        "relationshipOrder": None,
        "cascadeDelete": f.on_delete == "cascade",
        "restrictedDelete": f.on_delete == "restrict",
        "restrictedPicklist": f.restricted,
        "dependentPicklist": False,
        "controllerName": None,
        "picklistValues": [
            {
                "active": True,
                "defaultValue": listed.default,
                "label": listed.label,
                "value": listed.value,
                "validFor": None,
            }
            for listed in f.values
        ],
        "inlineHelpText": None,
        "compoundFieldName": f.compound or ("Name" if f.name in ("FirstName", "LastName", "Salutation") else None),
        "extraTypeInfo": "plaintextarea" if f.long_text else None,
        "permissionable": f.custom or (f.nillable and f.createable),
        "encrypted": False,
        "htmlFormatted": False,
        "displayLocationInDecimal": False,
        "deprecatedAndHidden": False,
        "custom": f.custom,
    }
