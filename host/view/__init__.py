"""What plugins show and ask, as plain data: judged, cleaned and bounded, without a terminal in it."""
