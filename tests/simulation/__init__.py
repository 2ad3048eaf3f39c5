"""The whole system in one process under one seed, in virtual time, with everything going wrong that may."""
