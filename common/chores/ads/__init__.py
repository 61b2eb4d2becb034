"""Ads: campaigns made paused, let run by a budget, counted, and told what people did after them."""
