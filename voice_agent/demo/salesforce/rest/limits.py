"""How much of the org's allowance is used (sheet 2.3 limits, 7.4)."""

from voice_agent.demo.salesforce.rest.exchange import Context, Reply, Request


def limits(context: Context) -> Reply:
    allowed = context.org.api_limit
    plain = {
        "DataStorageMB": (5120, 5000),
        "FileStorageMB": (20480, 20000),
        "ConcurrentAsyncGetReportInstances": (200, 200),
        "DailyStreamingApiEvents": (50000, 50000),
        "HourlyPublishedPlatformEvents": (50000, 50000),
        "MonthlyPlatformEvents": (1500000, 1500000),
        "DailyBulkV2QueryJobs": (10000, 10000),
    }
    shown = {name: {"Max": most, "Remaining": left} for name, (most, left) in plain.items()}
    shown["DailyApiRequests"] = {"Max": allowed, "Remaining": max(0, allowed - used(context))}
    return Reply(body=shown)


def used(context: Context) -> int:
    """API requests counted so far."""
    row = context.database.connection.execute("SELECT last FROM _counters WHERE name = 'requests'").fetchone()
    return int(row[0]) if row else 0


def record_count(context: Context, request: Request) -> Reply:
    names = [name for name in request.query.get("sObjects", "").split(",") if name]
    objects = [context.object(name) for name in names] if names else list(context.schema.objects.values())
    counts = []
    for obj in objects:
        row = context.database.connection.execute(f'SELECT COUNT(*) FROM "{obj.name}" WHERE "IsDeleted" = 0').fetchone()
        counts.append({"count": row[0], "name": obj.name})
    return Reply(body={"sObjects": counts})
