"""Keys go where Kafka's Java client puts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.partition import murmur2, partition_of

# org.apache.kafka.common.utils.UtilsTest.testMurmur2
KAFKA_VECTORS = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize("key", KAFKA_VECTORS)
def test_murmur2_gives_the_values_of_kafkas_own_test(key: bytes) -> None:
    assert murmur2(key) == KAFKA_VECTORS[key]


@given(st.binary(max_size=64), st.integers(1, 64))
def test_every_key_has_a_partition_and_keeps_it(key: bytes, partitions: int) -> None:
    assert partition_of(key, partitions) == partition_of(bytes(key), partitions) in range(partitions)


def test_a_partition_is_the_positive_hash_modulo_their_number() -> None:
    assert partition_of(b"21", 12) == (-973932308 & 0x7FFFFFFF) % 12
