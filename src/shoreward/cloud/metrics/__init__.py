"""CloudWatch metrics of the embedded cloud: recorded in microseconds, asked in milliseconds, bounded in memory."""
