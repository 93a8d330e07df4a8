"""When: order, retries, parameters and the command line. No rule about data lives here."""
