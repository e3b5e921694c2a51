"""The web server's side: the JSON route, the gate, blocks of steps, what is loaded before the first visitor."""
