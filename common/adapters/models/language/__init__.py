"""The makers of language models behind one port, each through its own client.

    seats      who can be asked, by settings and keys, and why the others cannot
    settings   ids, prices and addresses: defaults.json, and what a file of the user's puts in their place
    seat       one model: paced, asked in time, tried again where that costs nothing, its answer checked and priced
    gemini, claude, openai_compatible   a question to each maker's wire, and an answer from it
    wire       the HTTP client they share, and the ways in which a request fails
    schema     what an answer must be;  price  what it costs;  pace  how often;  retiring  ids that will be gone

The clients are imported when they are first asked: a function that asks nobody stays light.
"""
