"""The desk: every verb of the Studio as a function `verb(db, actor, …)`, one file a verb group.

`db` is an open session of `store.database.Database`: pages use one `write()` or `read()` block a request. Every
function checks what the actor may do (`desk.actor`), raises the kinds of `desk.errors`, and notes what it did for the
audit chain. What a labeller gets from here never holds a model's name, another person's marks or a gold sign.
"""
