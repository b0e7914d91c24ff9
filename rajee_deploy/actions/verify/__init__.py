"""`rajee-deploy verify`: is what the fingerprint says true? Re-hashes everything, and asks a real BuildKit.

Owns the comparison and its verdict. Must never change what is hashed, nor pass over what could not be checked: every
use of a build context is either checked, or listed with the reason why not.
"""
