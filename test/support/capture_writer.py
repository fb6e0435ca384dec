"""The old application at work: python3 capture_writer.py DIR SEED COUNT.

Writes to the databases of DIR with Python's own sqlite3 and its defaults, in every way there is to write: one row and
many, OR REPLACE, upserts, changes of keys, deletes, transactions that are taken back. The same arguments do the same.
Prints, as one JSON document, what the application saw of each statement: the counters, or the error.
"""

import json
import os
import random
import sqlite3
import sys

directory, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rng = random.Random(seed)
NOW = "'2026-01-05 10:00:00'"
UPSERT = sqlite3.sqlite_version_info >= (3, 24, 0)

context = sqlite3.connect(os.path.join(directory, "cache", "context.db"))
levels = sqlite3.connect(os.path.join(directory, "cache", "top_picks_runs.db"))
costs = sqlite3.connect(os.path.join(directory, "cache", "llm_costs.db"))


def user():
    return rng.choice(["ann", "bob", "cem"]), rng.choice(["mode", "risk", "theme", "lang"])


def preference(how):
    sql = f"INSERT{how} INTO user_preferences (user_id, pref_key, pref_value, updated_at) VALUES (?, ?, ?, {NOW})"
    return context, sql, (*user(), str(rng.randrange(100)))


def preference_at(how):
    sql = f"INSERT{how} INTO user_preferences (id, user_id, pref_key, pref_value, updated_at) VALUES (?, ?, ?, ?, {NOW})"
    return context, sql, (rng.randrange(1, 20), *user(), str(rng.randrange(100)))


def preferences():
    sql = (
        "REPLACE INTO user_preferences (user_id, pref_key, pref_value, updated_at) "
        f"VALUES (?, ?, 'x', {NOW}), (?, ?, 'y', {NOW})"
    )
    return context, sql, (*user(), *user())


def upsert():
    sql = (
        f"INSERT INTO user_preferences (user_id, pref_key, pref_value, updated_at) VALUES (?, ?, ?, {NOW}) "
        "ON CONFLICT (user_id, pref_key) DO UPDATE SET pref_value = excluded.pref_value"
    )
    return context, sql if UPSERT else sql.split(" ON CONFLICT")[0], (*user(), str(rng.randrange(100)))


def move(how):
    sql = f"UPDATE{how} user_preferences SET user_id = ?, pref_key = ? WHERE id = ?"
    return context, sql, (*user(), rng.randrange(1, 20))


def renumber():
    return context, "UPDATE OR REPLACE user_preferences SET id = ? WHERE id = ?", (
        rng.randrange(1, 20),
        rng.randrange(1, 20),
    )


def change_many():
    return context, "UPDATE user_preferences SET pref_value = 'all' WHERE user_id = ?", (user()[0],)


def remove():
    return context, "DELETE FROM user_preferences WHERE user_id = ? AND pref_key = ?", user()


def level():
    sql = (
        "INSERT OR REPLACE INTO support_resistance_levels (symbol, timeframe_scope, p, computed_at_ist) "
        "VALUES (?, ?, ?, '2026-01-05T09:15:00')"
    )
    return levels, sql, (rng.choice(["TCS", "INFY", "M&M"]), rng.choice("YMWD"), rng.randrange(100) / 4)


def forget():
    return levels, "DELETE FROM support_resistance_levels WHERE symbol = ?", (rng.choice(["TCS", "INFY"]),)


def request():
    sql = f"INSERT INTO llm_requests (model, tokens_input, cost_usd, created_at) VALUES ('gpt-4', ?, 0.5, {NOW})"
    return costs, sql, (rng.randrange(1000),)


def prune():
    return costs, "DELETE FROM llm_requests WHERE id <= (SELECT min(id) + 2 FROM llm_requests)", ()


WRITES = [
    lambda: preference(" OR REPLACE"),
    lambda: preference(" OR IGNORE"),
    lambda: preference(""),
    lambda: preference_at(" OR REPLACE"),
    lambda: preference_at(""),
    preferences,
    upsert,
    lambda: move(" OR REPLACE"),
    lambda: move(""),
    renumber,
    change_many,
    remove,
    level,
    level,
    forget,
    request,
    request,
    prune,
]

seen = []
for _ in range(count):
    connection, sql, values = rng.choice(WRITES)()
    try:
        cursor = connection.execute(sql, values)
        counters = connection.execute("SELECT changes(), last_insert_rowid()").fetchone()
        # After anything but an insert the last row number is that of a statement before, which may have failed.
        seen.append([sql, cursor.rowcount, counters[0], cursor.lastrowid if sql.startswith("INSERT INTO") else None])
    except sqlite3.Error as error:
        seen.append([sql, f"{type(error).__name__}: {error}"])
    # Some transactions are of several statements, and some are taken back.
    end = rng.randrange(8)
    if end == 0:
        connection.rollback()
    elif end < 6:
        connection.commit()

many = [(rng.randrange(1000),) for _ in range(50)]
cursor = costs.executemany(
    f"INSERT INTO llm_requests (model, tokens_input, created_at) VALUES ('many', ?, {NOW})", many
)
seen.append(["executemany", cursor.rowcount])
for connection in (context, levels, costs):
    connection.commit()
    connection.close()
print(json.dumps(seen))
