"""The asset pack: a dossier of figures that all have a source, in JSON, HTML, PDF and XLSX, under one hash."""
