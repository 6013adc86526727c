"""The engines that read rules and templates, each in a process of its own (`hands`).

They are native libraries, or take seconds to import and a core to themselves: there they can crash, print and be ended
without harm. They speak plain JSON.
"""
