"""The model of clicks out of impressions: how it is learned, held against simple ones, and asked."""
