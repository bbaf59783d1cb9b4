# When maintenance may begin.
# Uses: maintenance/scripts/common.py

import zoneinfo


def zone(name):
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise Problem("this host does not know the time zone %s: install the package tzdata" % name)


def begins(window, day, where):
    """When a window of a day begins. A time that a clock skips is as much later; of one that comes twice, it is the first."""
    local = datetime.datetime.combine(day, datetime.time(window["start"] // 60, window["start"] % 60), where)
    return local.astimezone(datetime.timezone.utc)


def window_at(now, windows, zone_name):
    """(beginning, end) of the window that a time is in, of several the one that ends last; None: it is in none."""
    where = zone(zone_name)
    found = []
    for window in windows:
        # A window that is open may have begun on the day before.
        for back in (0, 1):
            day = now.astimezone(where).date() - datetime.timedelta(days=back)
            if day.weekday() not in window["days"]:
                continue
            begin = begins(window, day, where)
            end = begin + datetime.timedelta(minutes=window["minutes"])
            if begin <= now < end:
                found.append((begin, end))
    return max(found, key=lambda one: one[1]) if found else None
