"""The board: a read-only server of one page with all releases, of each app's report, and of metrics.

A thread lists the VirtualServices every few seconds (`reader.py`) and leaves a snapshot (`snapshot.py`). Every request
is answered from it (`routes.py`), so no page view asks the API server anything. `rows.py` says what each app's claim
and record mean for a person, `query.py` filters and sorts, the other files write HTML in which everything is escaped
(`markup.py`). Data that is too old is never shown: the answer is 503 with the reason.
"""
