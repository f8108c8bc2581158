"""The frame of a .sedic file: bytes <-> header and payloads. Sans-IO; the only importer of construct."""
