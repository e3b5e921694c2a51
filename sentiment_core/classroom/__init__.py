"""A class that shares one server: its settings, who may do what, names, codes and limits. No SQL, no web."""
