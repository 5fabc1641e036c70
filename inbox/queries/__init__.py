"""What is there, read for pages and the API: one question a function, frozen answers, never a row of the database.

Every function takes an open session and the few things it must know; none of them writes. Lists go by keyset cursors
on indexes, so that page 2,000 costs what page one does.
"""
