"""Where readings come from: a drop folder of signed CSV files, or the simulator without a folder."""
