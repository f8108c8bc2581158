"""What pictures are measured by, each metric with its library, version, backbone and protocol."""
