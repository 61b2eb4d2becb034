"""Chores: durable work that is no stage of a flow: fetching a file, handing data out, erasing it."""
