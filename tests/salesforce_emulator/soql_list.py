"""SOQL statements with what they must give, taken from the documented rules, never from what our parser does.

Each group names its rule: the SOQL and SOSL reference's section, condensed in sheet 2.4 (and 2.7 for errors).
Rows are the selected values in order; parents are flattened, children are lists.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rows:
    """A statement and its rows. Without ORDER BY the order does not count."""

    soql: str
    rows: list[Any]


@dataclass(frozen=True, slots=True)
class Total:
    """A statement of which only the number of rows counts."""

    soql: str
    total: int


@dataclass(frozen=True, slots=True)
class Wrong:
    """A statement that is refused with a code, at a column (0: not checked), with words in the message."""

    soql: str
    code: str
    column: int = 0
    words: str = ""


Case = Rows | Total | Wrong

_NAMES = "SELECT Name FROM Account WHERE "

GOOD: dict[str, list[Case]] = {
    "select: fields, case of names, order of fields": [
        Rows("SELECT Name FROM Account WHERE Name = 'Acme'", [["Acme"]]),
        Rows("select name from account where name = 'Acme'", [["Acme"]]),
        Rows("SELECT Type, Name, BillingState FROM Account WHERE Name = 'Acme'", [["Customer", "Acme", "CA"]]),
        Rows("SELECT\n  Name\nFROM\n  Account\nWHERE Name = 'Acme'", [["Acme"]]),
        Rows("SELECT a.Name FROM Account a WHERE a.Name = 'Acme'", [["Acme"]]),
        Rows("SELECT Account.Name FROM Account WHERE Account.Name = 'Acme'", [["Acme"]]),
        Rows("SELECT Name FROM Account USING SCOPE everything WHERE Name = 'Acme'", [["Acme"]]),
        Rows("SELECT Name FROM Account WHERE Name = 'Acme' WITH SECURITY_ENFORCED", [["Acme"]]),
        Rows("SELECT Name FROM Account WHERE Name = 'Acme' WITH USER_MODE", [["Acme"]]),
        Rows("SELECT Name FROM Account WHERE Name = 'Acme' LIMIT 1 FOR UPDATE", [["Acme"]]),
        Rows("SELECT Name FROM Account WHERE Name = 'Acme' LIMIT 1 FOR VIEW", [["Acme"]]),
        Rows("SELECT Name FROM Account WHERE Name = 'Acme' FOR REFERENCE", [["Acme"]]),
        Total("SELECT FIELDS(ALL) FROM Account LIMIT 200", 7),
        Total("SELECT FIELDS(STANDARD) FROM Contact LIMIT 200", 5),
        Total("SELECT FIELDS(CUSTOM), Id FROM Contact LIMIT 200", 5),
    ],
    "relationships up: dot paths, null when there is no parent": [
        Rows("SELECT LastName, Account.Name FROM Contact WHERE LastName = 'Bell'", [["Bell", "Acme"]]),
        Rows("SELECT LastName, Account.Name FROM Contact WHERE LastName = 'Dunn'", [["Dunn", None]]),
        Rows("SELECT LastName FROM Contact WHERE Account.Name = 'Acme' ORDER BY LastName", [["Ames"], ["Bell"]]),
        Rows("SELECT Name, Parent.Parent.Name FROM Account WHERE Name LIKE 'Back%'", [["Back\\slash", "Acme"]]),
        Rows("SELECT LastName FROM Contact WHERE Account.Name = null", [["Dunn"]]),
        Rows(
            "SELECT c.LastName, a.Name FROM Contact c, c.Account a WHERE a.Name = 'Bob\\'s Diner'",
            [["Cole", "Bob's Diner"]],
        ),
        Rows("SELECT ReportsTo.LastName FROM Contact WHERE LastName = 'Cole'", [["Ames"]]),
        Rows("SELECT Owner.Name FROM Account WHERE Name = 'Acme'", [["Org Administrator"]]),
        Rows("SELECT LastModifiedBy.LastName FROM Account WHERE Name = 'Acme'", [["Administrator"]]),
    ],
    "relationships down: child sub-queries": [
        Rows(
            "SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account WHERE Name = 'Acme'",
            [["Acme", [["Ames"], ["Bell"]]]],
        ),
        Rows(
            "SELECT Name, (SELECT LastName FROM Contacts) FROM Account WHERE Name = '100% Pure'", [["100% Pure", None]]
        ),
        Rows(
            "SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName DESC LIMIT 1) FROM Account "
            "WHERE Name IN ('Acme', 'Bob\\'s Diner') ORDER BY Name",
            [["Acme", [["Bell"]]], ["Bob's Diner", [["Cole"]]]],
        ),
        Rows(
            "SELECT Name, (SELECT LastName FROM Contacts WHERE DoNotCall = true) FROM Account WHERE Name = 'Acme'",
            [["Acme", [["Ames"]]]],
        ),
        Rows(
            "SELECT Name, (SELECT LastName FROM Contacts WHERE LastName = 'Bell'), (SELECT CaseNumber FROM Cases "
            "WHERE Status = 'New') FROM Account WHERE Name = 'Acme'",
            [["Acme", [["Bell"]], [["00001001"]]]],
        ),
        Rows(
            "SELECT Name, (SELECT Name, (SELECT LastName FROM Contacts) FROM ChildAccounts) FROM Account "
            "WHERE Name = 'Acme'",
            [["Acme", [["acme west", [["O'Neil"]]]]]],
        ),
        Rows(
            "SELECT Name, (SELECT Account.Name FROM Contacts WHERE LastName = 'Cole') FROM Account "
            "WHERE Name = 'Bob\\'s Diner'",
            [["Bob's Diner", [["Bob's Diner"]]]],
        ),
    ],
    "polymorphic parents: Type, Name, TYPEOF": [
        Rows("SELECT Subject, What.Type FROM Task WHERE Subject = 'for account'", [["for account", "Account"]]),
        Rows("SELECT What.Name FROM Task WHERE Subject = 'for case'", [["00001001"]]),
        Rows("SELECT Subject FROM Task WHERE What.Type = 'Account'", [["for account"]]),
        Rows(
            "SELECT Subject FROM Task WHERE What.Type IN ('Account', 'Case') ORDER BY Subject",
            [["for account"], ["for case"]],
        ),
        Rows("SELECT Who.Name FROM Task WHERE Subject = 'for account'", [["Ann Ames"]]),
        Rows("SELECT What.Name FROM Task WHERE Subject = 'for nobody'", [[None]]),
        Rows(
            "SELECT TYPEOF What WHEN Account THEN Phone, Type ELSE Name END FROM Task WHERE Subject = 'for account'",
            [[["(415) 555-0101", "Customer"]]],
        ),
        Rows(
            "SELECT TYPEOF What WHEN Account THEN Phone WHEN Case THEN CaseNumber, Account.Name END FROM Task "
            "WHERE Subject = 'for case'",
            [[["00001001", "Acme"]]],
        ),
    ],
    "comparison: case-insensitive text, null, escapes": [
        Rows(_NAMES + "Name = 'ACME'", [["Acme"]]),
        Rows(_NAMES + "Name = 'ünder über'", [["Ünder Über"]]),
        Rows(_NAMES + "Name = 'Bob\\'s Diner'", [["Bob's Diner"]]),
        Rows(_NAMES + "Name = 'Back\\\\slash'", [["Back\\slash"]]),
        Rows(_NAMES + "Name = '\\u0041cme'", [["Acme"]]),
        Total(_NAMES + "Type = null", 2),
        Total(_NAMES + "Type != null", 5),
        Total(_NAMES + "Type = ''", 2),
        Total(_NAMES + "Type != 'Customer'", 4),
        Total(_NAMES + "Type <> 'Customer'", 4),
        Total(_NAMES + "NOT Type = 'Customer'", 4),
        Rows(_NAMES + "Name < 'acme' ORDER BY Name", [["100% Pure"]]),
        Rows(_NAMES + "Name >= 'U' ORDER BY Name", [["Under_score"], ["Ünder Über"]]),
        Rows("SELECT LastName FROM Contact WHERE DoNotCall = TRUE", [["Ames"]]),
        Total("SELECT Id FROM Contact WHERE DoNotCall = false", 4),
        Rows(
            "SELECT WorkOrderNumber FROM WorkOrder WHERE Tax > 10 AND Tax < 60.5 ORDER BY Tax",
            [["00000002"], ["00000003"]],
        ),
        Rows("SELECT WorkOrderNumber FROM WorkOrder WHERE Tax = 1e1", [["00000001"]]),
        Total("SELECT Id FROM WorkOrder WHERE Tax = null", 1),
    ],
    "LIKE": [
        Rows(_NAMES + "Name LIKE 'acme%' ORDER BY Name", [["Acme"], ["acme west"]]),
        Rows(_NAMES + "Name LIKE '%DINER'", [["Bob's Diner"]]),
        Rows(_NAMES + "Name LIKE 'Acm_'", [["Acme"]]),
        Rows(_NAMES + "Name LIKE '100\\%%'", [["100% Pure"]]),
        Rows(_NAMES + "Name LIKE '%r\\_s%'", [["Under_score"]]),
        Rows(_NAMES + "Name LIKE 'Back\\\\slash'", [["Back\\slash"]]),
        Total(_NAMES + "NOT Name LIKE 'acme%'", 5),
        Total(_NAMES + "(NOT Type LIKE 'C%')", 4),
    ],
    "IN, NOT IN, semi-joins": [
        Total(_NAMES + "Type IN ('Customer', 'Partner')", 4),
        Total(_NAMES + "Type NOT IN ('Customer', 'Partner')", 3),
        Total(_NAMES + "Type IN ('partner')", 1),
        Total(_NAMES + "Type IN (null, 'Partner')", 3),
        Total("SELECT Id FROM WorkOrder WHERE Tax IN (10, 60)", 2),
        Rows(_NAMES + "Id IN (SELECT AccountId FROM Contact WHERE LastName = 'Cole')", [["Bob's Diner"]]),
        Total(_NAMES + "Id NOT IN (SELECT AccountId FROM Contact)", 4),
        Total("SELECT Id FROM Contact WHERE AccountId IN (SELECT Id FROM Account WHERE Type = 'Customer')", 3),
        Total("SELECT Id FROM Task WHERE WhatId IN (SELECT Id FROM Account)", 1),
    ],
    "multi-select picklists": [
        Total("SELECT Id FROM AccountContactRelation WHERE Roles INCLUDES ('Business User')", 2),
        Total("SELECT Id FROM AccountContactRelation WHERE Roles INCLUDES ('Business User;Influencer')", 1),
        Total(
            "SELECT Id FROM AccountContactRelation WHERE Roles INCLUDES ('Business User;Influencer', 'Decision Maker')",
            2,
        ),
        Total("SELECT Id FROM AccountContactRelation WHERE Roles EXCLUDES ('Influencer')", 2),
        Total("SELECT Id FROM AccountContactRelation WHERE Roles = 'Influencer'", 1),
        Total("SELECT Id FROM AccountContactRelation WHERE Roles = null", 1),
    ],
    "AND, OR, NOT with parentheses": [
        Total(_NAMES + "Type = 'Customer' AND BillingState = 'CA'", 2),
        Total(_NAMES + "Type = 'Prospect' OR Type = 'Partner'", 2),
        Total(_NAMES + "(Type = 'Customer' OR Type = 'Partner') AND Industry = 'Energy'", 2),
        Total(_NAMES + "Type = 'Customer' AND (BillingState = 'CA' OR BillingState = null)", 3),
        Total(_NAMES + "NOT (Type = 'Customer' AND BillingState = 'CA')", 5),
        Total(_NAMES + "Type = 'Customer' AND NOT BillingState = 'CA'", 1),
    ],
    "dates: literals with quotes off, ranges in the user's zone (10:05 on Wednesday 4 March 2026 in Chicago)": [
        Rows(_NAMES + "CreatedDate = TODAY", [["Acme"]]),
        Rows(_NAMES + "CreatedDate = YESTERDAY", [["acme west"]]),
        Total(_NAMES + "CreatedDate < TODAY", 6),
        Total(_NAMES + "CreatedDate <= YESTERDAY", 6),
        Total(_NAMES + "CreatedDate > YESTERDAY", 1),
        Total(_NAMES + "CreatedDate >= YESTERDAY", 2),
        Total(_NAMES + "CreatedDate != TODAY", 6),
        Total(_NAMES + "CreatedDate = THIS_WEEK", 2),
        Rows(_NAMES + "CreatedDate = LAST_WEEK", [["Bob's Diner"]]),
        Total(_NAMES + "CreatedDate = THIS_MONTH", 2),
        Rows(_NAMES + "CreatedDate = LAST_MONTH", [["Bob's Diner"]]),
        Total(_NAMES + "CreatedDate = THIS_QUARTER", 4),
        Rows(_NAMES + "CreatedDate = LAST_QUARTER", [["Under_score"]]),
        Total(_NAMES + "CreatedDate = THIS_YEAR", 4),
        Total(_NAMES + "CreatedDate = LAST_YEAR", 2),
        Total(_NAMES + "CreatedDate = THIS_FISCAL_YEAR", 4),
        Total(_NAMES + "CreatedDate = LAST_90_DAYS", 5),
        Total(_NAMES + "CreatedDate = LAST_N_DAYS:1", 2),
        Total(_NAMES + "CreatedDate = LAST_N_DAYS:7", 3),
        Rows(_NAMES + "CreatedDate = N_DAYS_AGO:7", [["Bob's Diner"]]),
        Total(_NAMES + "CreatedDate > N_DAYS_AGO:7", 2),
        Rows(_NAMES + "CreatedDate = LAST_N_WEEKS:1", [["Bob's Diner"]]),
        Total(_NAMES + "CreatedDate = LAST_N_MONTHS:2", 2),
        Rows(_NAMES + "CreatedDate = N_YEARS_AGO:2", [["Ünder Über"]]),
        Total(_NAMES + "CreatedDate = LAST_N_YEARS:2", 3),
        Total(_NAMES + "CreatedDate IN (TODAY, YESTERDAY)", 2),
        Rows("SELECT LastName FROM Contact WHERE Birthdate = TODAY", [["Bell"]]),
        Rows("SELECT LastName FROM Contact WHERE Birthdate = TOMORROW", [["O'Neil"]]),
        Rows("SELECT LastName FROM Contact WHERE Birthdate = NEXT_N_DAYS:1", [["O'Neil"]]),
        Rows("SELECT LastName FROM Contact WHERE Birthdate = 1980-03-04", [["Ames"]]),
        Rows("SELECT LastName FROM Contact WHERE Birthdate < 2000-01-01", [["Ames"]]),
        Rows(_NAMES + "CreatedDate = 2026-03-04T14:00:00Z", [["Acme"]]),
        Rows(_NAMES + "CreatedDate = 2026-03-04T08:00:00-06:00", [["Acme"]]),
        Rows(_NAMES + "CreatedDate = 2026-03-04T15:00:00.000+01:00", [["Acme"]]),
        Total(_NAMES + "CreatedDate >= 2026-01-01T00:00:00Z AND CreatedDate < 2026-02-01T00:00:00Z", 2),
    ],
    "date functions": [
        Total(_NAMES + "CALENDAR_YEAR(CreatedDate) = 2026", 5),
        Total(_NAMES + "CALENDAR_YEAR(convertTimezone(CreatedDate)) = 2026", 4),
        Total(_NAMES + "CALENDAR_MONTH(CreatedDate) = 3", 3),
        Total(_NAMES + "CALENDAR_QUARTER(CreatedDate) = 3", 1),
        Total(_NAMES + "DAY_IN_WEEK(CreatedDate) = 4", 3),
        Total(_NAMES + "DAY_ONLY(CreatedDate) = 2026-03-04", 1),
        Rows("SELECT Subject FROM Task WHERE HOUR_IN_DAY(CreatedDate) = 2", [["for account"]]),
        Rows("SELECT Subject FROM Task WHERE HOUR_IN_DAY(convertTimezone(CreatedDate)) = 20", [["for account"]]),
        Rows(
            "SELECT CALENDAR_YEAR(CreatedDate), COUNT(Id) FROM Account GROUP BY CALENDAR_YEAR(CreatedDate) "
            "ORDER BY CALENDAR_YEAR(CreatedDate)",
            [[2024, 1], [2025, 1], [2026, 5]],
        ),
    ],
    "aggregates, GROUP BY, HAVING": [
        Total("SELECT COUNT() FROM Account", 7),
        Total("SELECT COUNT() FROM Account WHERE Type = 'Customer'", 3),
        Total("SELECT count() FROM Contact c, c.Account a WHERE a.Name = 'Acme'", 2),
        Rows("SELECT COUNT(Id) FROM Account", [[7]]),
        Rows("SELECT COUNT(Type) FROM Account", [[5]]),
        Rows("SELECT COUNT_DISTINCT(Type) FROM Account", [[3]]),
        Rows("SELECT SUM(Tax), AVG(Tax), MIN(Tax), MAX(Tax) FROM WorkOrder", [[90.0, 30.0, 10.0, 60.0]]),
        Rows("SELECT MAX(CreatedDate) latest FROM Account", [["2026-03-04T14:00:00.000+0000"]]),
        Rows("SELECT MIN(Name) FROM Account", [["100% Pure"]]),
        Rows(
            "SELECT Type, COUNT(Id) FROM Account GROUP BY Type ORDER BY Type",
            [[None, 2], ["Customer", 3], ["Partner", 1], ["Prospect", 1]],
        ),
        Rows(
            "SELECT Type, COUNT(Id) n FROM Account GROUP BY Type HAVING COUNT(Id) > 1 ORDER BY COUNT(Id) DESC",
            [["Customer", 3], [None, 2]],
        ),
        Rows("SELECT Type FROM Account GROUP BY Type HAVING Type LIKE 'P%' ORDER BY Type", [["Partner"], ["Prospect"]]),
        Rows(
            "SELECT Account.Name, SUM(Tax) FROM WorkOrder GROUP BY Account.Name "
            "ORDER BY SUM(Tax) DESC NULLS LAST LIMIT 1",
            [["Bob's Diner", 60.0]],
        ),
        Rows(
            "SELECT Account.Name, Priority, COUNT(Id) FROM WorkOrder WHERE AccountId != null "
            "GROUP BY Account.Name, Priority ORDER BY Account.Name, Priority",
            [["Acme", "High", 1], ["Acme", "Low", 1], ["Bob's Diner", "Low", 1]],
        ),
        Rows(
            "SELECT Priority, SUM(Tax) FROM WorkOrder WHERE Tax != null GROUP BY ROLLUP(Priority)",
            [["High", 10.0], ["Low", 80.0], [None, 90.0]],
        ),
        Rows(
            "SELECT Priority, GROUPING(Priority) g, COUNT(Id) FROM WorkOrder GROUP BY ROLLUP(Priority)",
            [["High", 0, 1], ["Low", 0, 3], [None, 1, 4]],
        ),
        Total(
            "SELECT Account.Name, Priority, COUNT(Id) FROM WorkOrder WHERE Tax != null "
            "GROUP BY CUBE(Account.Name, Priority)",
            8,
        ),
    ],
    "ORDER BY, LIMIT, OFFSET": [
        Rows("SELECT Type FROM Account WHERE BillingState = null ORDER BY Type", [[None], [None], ["Customer"]]),
        Rows(
            "SELECT Type FROM Account WHERE BillingState = null ORDER BY Type NULLS LAST",
            [["Customer"], [None], [None]],
        ),
        Rows(
            "SELECT Type FROM Account WHERE BillingState = null ORDER BY Type DESC NULLS LAST",
            [["Customer"], [None], [None]],
        ),
        Rows("SELECT Name FROM Account ORDER BY Name LIMIT 3", [["100% Pure"], ["Acme"], ["acme west"]]),
        Rows("SELECT Name FROM Account ORDER BY Name LIMIT 1 OFFSET 2", [["acme west"]]),
        Rows("SELECT Name FROM Account ORDER BY Name OFFSET 6", [["Ünder Über"]]),
        Rows(
            "SELECT LastName FROM Contact ORDER BY Account.Name NULLS LAST, LastName DESC LIMIT 2", [["Bell"], ["Ames"]]
        ),
        Total("SELECT Id FROM Account LIMIT 0", 0),
        Rows(
            "SELECT Name FROM Account WHERE BillingState = 'CA' ORDER BY Type ASC, Name DESC", [["acme west"], ["Acme"]]
        ),
    ],
    "DISTANCE and compound fields": [
        Rows(_NAMES + "DISTANCE(BillingAddress, GEOLOCATION(37.775,-122.418), 'mi') < 20", [["Acme"]]),
        Total(_NAMES + "DISTANCE(BillingAddress, GEOLOCATION(37.775,-122.418), 'km') > 20", 2),
        Rows(
            "SELECT Name FROM Account WHERE BillingLatitude != null "
            "ORDER BY DISTANCE(BillingAddress, GEOLOCATION(41.88, -87.63), 'km')",
            [["Bob's Diner"], ["acme west"], ["Acme"]],
        ),
        Rows(
            "SELECT BillingAddress FROM Account WHERE Name = '100% Pure'",
            [[None]],
        ),
    ],
    "toLabel and FORMAT": [
        Rows("SELECT toLabel(Type) FROM Account WHERE Name = 'Acme'", [["Customer"]]),
        Rows("SELECT FORMAT(CreatedDate) created FROM Account WHERE Name = 'Acme'", [["3/4/2026, 8:00 AM"]]),
        Rows("SELECT FORMAT(Tax) FROM WorkOrder WHERE WorkOrderNumber = '00000001'", [["10.00"]]),
    ],
    "ids of 15 and 18 characters": [
        Total("SELECT Id FROM Account WHERE Id = '001000000000000'", 0),
        Total("SELECT Id FROM Account WHERE ParentId = null", 5),
    ],
}

BAD: dict[str, list[Wrong]] = {
    "names that are not there (sheet 2.7 INVALID_FIELD, INVALID_TYPE)": [
        Wrong("SELECT Idx FROM Account", "INVALID_FIELD", 8, "No such column 'Idx' on entity 'Account'"),
        Wrong("SELECT Id, Foo__c FROM Account", "INVALID_FIELD", 12, "No such column 'Foo__c' on entity 'Account'"),
        Wrong("SELECT Id FROM Account WHERE Foo = 'x'", "INVALID_FIELD", 30, "No such column 'Foo'"),
        Wrong("SELECT Id FROM Account ORDER BY Foo", "INVALID_FIELD", 33, "No such column 'Foo'"),
        Wrong("SELECT Id FROM Foo", "INVALID_TYPE", 16, "sObject type 'Foo' is not supported"),
        Wrong("SELECT Foo.Name FROM Contact", "INVALID_FIELD", 8, "Didn't understand relationship 'Foo' in field path"),
        Wrong("SELECT Account.Foo FROM Contact", "INVALID_FIELD", 8, "No such column 'Foo' on entity 'Account'"),
        Wrong(
            "SELECT (SELECT Id FROM Contact) FROM Account",
            "INVALID_TYPE",
            24,
            "Didn't understand relationship 'Contact'",
        ),
        Wrong(
            "SELECT (SELECT Foo FROM Contacts) FROM Account",
            "INVALID_FIELD",
            16,
            "No such column 'Foo' on entity 'Contact'",
        ),
        Wrong("SELECT Id, Id FROM Account", "INVALID_FIELD", 0, "duplicate field selected: Id"),
        Wrong("SELECT What.Phone2 FROM Task", "INVALID_FIELD", 8, "No such column 'Phone2' on entity 'Name'"),
        Wrong(
            "SELECT ArrivalWindowStart FROM ServiceAppointment",
            "INVALID_FIELD",
            8,
            "No such column 'ArrivalWindowStart' on entity 'ServiceAppointment'",
        ),
    ],
    "grammar (sheet 2.7 MALFORMED_QUERY)": [
        Wrong("SELECT Id FRM Account", "MALFORMED_QUERY", 11, "unexpected token: 'FRM'"),
        Wrong("SELEC Id FROM Account", "MALFORMED_QUERY", 1, "unexpected token: 'SELEC'"),
        Wrong("SELECT FROM Account", "MALFORMED_QUERY", 8, "unexpected token: 'FROM'"),
        Wrong("SELECT Id FROM", "MALFORMED_QUERY", 15, "unexpected token: '<EOF>'"),
        Wrong("SELECT Id, FROM Account", "MALFORMED_QUERY", 12, "unexpected token: 'FROM'"),
        Wrong("SELECT * FROM Account", "MALFORMED_QUERY", 8, ""),
        Wrong("SELECT Id FROM Account WHERE", "MALFORMED_QUERY", 29, "unexpected token: '<EOF>'"),
        Wrong("SELECT Id FROM Account WHERE Name = 'x", "MALFORMED_QUERY", 37, ""),
        Wrong("SELECT Id FROM Account WHERE Name = x", "MALFORMED_QUERY", 37, "unexpected token: 'x'"),
        Wrong("SELECT Id FROM Account WHERE Name == 'x'", "MALFORMED_QUERY", 36, "unexpected token: '='"),
        Wrong("SELECT Id FROM Account LIMIT x", "MALFORMED_QUERY", 30, "unexpected token: 'x'"),
        Wrong("SELECT Id FROM Account LIMIT 1 WHERE Name = 'x'", "MALFORMED_QUERY", 32, "unexpected token: 'WHERE'"),
        Wrong("SELECT Id FROM Account WHERE Name = 'a\\qb'", "MALFORMED_QUERY", 0, "\\q"),
        Wrong("SELECT Id FROM Account ALL ROWS", "MALFORMED_QUERY", 24, "unexpected token: 'ALL'"),
        Wrong(
            "SELECT Id FROM Account WHERE Name = 'a' AND Type = 'b' OR Type = 'c'",
            "MALFORMED_QUERY",
            56,
            "unexpected token: 'OR'",
        ),
        Wrong("SELECT Id FROM Account; DROP TABLE Account", "MALFORMED_QUERY", 23, ""),
        Wrong("SELECT Id FROM Account WHERE Name LIKE 5", "MALFORMED_QUERY", 40, "unexpected token: '5'"),
        Wrong("SELECT Id FROM Account WHERE CreatedDate = 2026-13-01", "MALFORMED_QUERY", 44, ""),
        Wrong("SELECT Id FROM Account WHERE Type IN ()", "MALFORMED_QUERY", 39, "unexpected token: ')'"),
        Wrong("SELECT Id Foo FROM Account", "MALFORMED_QUERY", 0, ""),
        Wrong("", "MALFORMED_QUERY", 0, ""),
    ],
    "grouping": [
        Wrong("SELECT Name, COUNT(Id) FROM Account", "MALFORMED_QUERY", 8, "Field must be grouped or aggregated: Name"),
        Wrong(
            "SELECT Name, COUNT(Id) FROM Account GROUP BY Type",
            "MALFORMED_QUERY",
            8,
            "Field must be grouped or aggregated: Name",
        ),
        Wrong(
            "SELECT Type, COUNT(Id) FROM Account GROUP BY Type ORDER BY Name",
            "MALFORMED_QUERY",
            60,
            "Ordered field must be grouped or aggregated: Name",
        ),
        Wrong("SELECT COUNT(Id) FROM Account LIMIT 1", "MALFORMED_QUERY", 0, "cannot also use LIMIT"),
        Wrong("SELECT SUM(Name) FROM Account", "MALFORMED_QUERY", 8, "does not support aggregate operator SUM"),
        Wrong("SELECT Id FROM Account WHERE COUNT(Id) > 1", "MALFORMED_QUERY", 30, ""),
        Wrong("SELECT Name FROM Account HAVING Name = 'x'", "MALFORMED_QUERY", 0, ""),
        Wrong("SELECT COUNT(Id), (SELECT Id FROM Contacts) FROM Account", "MALFORMED_QUERY", 0, ""),
    ],
    "types and operators in WHERE": [
        Wrong(
            "SELECT Id FROM Account WHERE Name = 5",
            "INVALID_FIELD",
            30,
            "must be of type string and should be enclosed in quotes",
        ),
        Wrong(
            "SELECT Id FROM WorkOrder WHERE Tax = '5'",
            "INVALID_FIELD",
            32,
            "value of filter criterion for field 'Tax' must be of type currency and should not be enclosed in quotes",
        ),
        Wrong("SELECT Id FROM Contact WHERE DoNotCall = 'true'", "INVALID_FIELD", 30, "must be of type boolean"),
        Wrong(
            "SELECT Id FROM Account WHERE CreatedDate = '2026-03-04T14:00:00Z'",
            "INVALID_FIELD",
            30,
            "must be of type dateTime",
        ),
        Wrong("SELECT Id FROM Account WHERE CreatedDate = 2026-03-04", "INVALID_FIELD", 30, "must be of type dateTime"),
        Wrong(
            "SELECT Id FROM Contact WHERE Birthdate = 2026-03-04T00:00:00Z", "INVALID_FIELD", 30, "must be of type date"
        ),
        Wrong("SELECT Id FROM Account WHERE CreatedDate = 2026-03-04T14:00Z", "MALFORMED_QUERY", 0, ""),
        Wrong("SELECT Id FROM Account WHERE Name = TODAY", "INVALID_FIELD", 30, ""),
        Wrong(
            "SELECT Id FROM Account WHERE Id = 'nonsense'",
            "INVALID_QUERY_FILTER_OPERATOR",
            0,
            "invalid ID field: nonsense",
        ),
        Wrong("SELECT Id FROM Account WHERE Id LIKE '001%'", "INVALID_QUERY_FILTER_OPERATOR", 0, "invalid operator"),
        Wrong("SELECT Id FROM Contact WHERE DoNotCall > false", "INVALID_QUERY_FILTER_OPERATOR", 0, "invalid operator"),
        Wrong(
            "SELECT Id FROM Account WHERE Type INCLUDES ('x')", "INVALID_QUERY_FILTER_OPERATOR", 0, "invalid operator"
        ),
        Wrong(
            "SELECT Id FROM Account WHERE Description = 'x'", "INVALID_FIELD", 30, "can not be filtered in a query call"
        ),
        Wrong("SELECT Id FROM Account ORDER BY Description", "INVALID_FIELD", 33, "can not be sorted in a query call"),
        Wrong("SELECT Id FROM Account WHERE BillingAddress = 'x'", "INVALID_FIELD", 30, ""),
        Wrong(
            "SELECT Id FROM Account WHERE DISTANCE(BillingAddress, GEOLOCATION(1,1), 'mi') = 20",
            "INVALID_QUERY_FILTER_OPERATOR",
            0,
            "",
        ),
        Wrong(
            "SELECT Id FROM Account WHERE DISTANCE(BillingAddress, GEOLOCATION(1,1), 'ly') < 20",
            "MALFORMED_QUERY",
            0,
            "",
        ),
        Wrong("SELECT Id FROM Account WHERE Name IN (SELECT Name FROM Contact)", "MALFORMED_QUERY", 0, ""),
        Wrong("SELECT Id FROM Account WHERE Id IN (SELECT Id, AccountId FROM Contact)", "MALFORMED_QUERY", 0, ""),
        Wrong(
            "SELECT Id FROM Account WHERE Id IN (SELECT ParentId FROM Account)",
            "MALFORMED_QUERY",
            0,
            "same object type",
        ),
    ],
    "bounds": [
        Wrong(
            "SELECT Id FROM Account OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", 0, "Maximum SOQL offset allowed is 2000"
        ),
        Wrong("SELECT FIELDS(ALL) FROM Account", "MALFORMED_QUERY", 0, "LIMIT"),
        Wrong("SELECT FIELDS(ALL) FROM Account LIMIT 201", "MALFORMED_QUERY", 0, "LIMIT"),
        Wrong(
            "SELECT Parent.Parent.Parent.Parent.Parent.Parent.Name FROM Account",
            "MALFORMED_QUERY",
            0,
            "5 levels",
        ),
    ],
}
