"""Histories with a culprit in them.

history.py           commits written as git's own objects, quickly
random_histories.py  branches, merges, reverts and reverts of reverts, as chance has them
"""
