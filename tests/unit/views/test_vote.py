import numpy as np
import pytest
from scipy import sparse

from geneduet.views import vote
from geneduet.views.vote import Joining, Neighbours, Reference, Vote


def neighbours(links: dict[tuple[int, int], float], size: int, copies: tuple[tuple[int, int], ...] = ()) -> Neighbours:
    weights, same = np.zeros((size, size)), np.zeros((size, size), bool)
    for (i, j), weight in links.items():
        weights[i, j] = weights[j, i] = weight
    for i, j in copies:
        same[i, j] = same[j, i] = True
    return Neighbours(sparse.csr_array(weights), sparse.csr_array(same))


def labels(*rows: str) -> sparse.csr_array:
    """`10` is a gene with the first of two terms."""
    return sparse.csr_array(np.array([[letter == "1" for letter in row] for row in rows]))


def mask(pattern: str) -> np.ndarray:
    return np.array([letter == "1" for letter in pattern])


@pytest.fixture
def random_genes() -> tuple[Neighbours, sparse.csr_array, np.ndarray]:
    """40 genes, the first 25 labelled, 5 terms; links at random, genes 0 to 3 copies of each other."""
    random = np.random.default_rng(3)
    links = {(i, j): float(random.uniform(1, 9)) for i in range(40) for j in range(i) if random.random() < 0.15}
    copies = tuple((i, j) for i in range(4) for j in range(i))
    links |= dict.fromkeys(copies, 20.0)
    return neighbours(links, 40, copies), sparse.csr_array(random.random((40, 5)) < 0.4), np.arange(40) < 25


def test_a_vote_is_the_weighted_share_of_labelled_neighbours() -> None:
    # gene 0 has neighbours 1 (weight 3), 2 (weight 1), and 3, which is not labelled
    links = neighbours({(0, 1): 3, (0, 2): 1, (0, 3): 100}, 4)
    given = links.vote(labels("00", "10", "11", "11"), mask("0110"))
    assert given.share[0].tolist() == [1, 0.25]  # (3 + 1) / 4 and 1 / 4
    assert (given.strength[0], given.count[0]) == (3, 2)


def test_without_a_labelled_neighbour_there_is_no_vote() -> None:
    given = neighbours({(0, 1): 3}, 3).vote(labels("11", "11", "11"), mask("001"))
    assert not given.share.any()
    assert not given.strength.any()
    assert not given.count.any()


def test_a_training_gene_never_sees_its_own_labels(random_genes) -> None:
    links, own, training = random_genes
    before = links.vote(own, training)
    for gene in (0, 5, 24):
        other = own.toarray()
        other[gene] = ~other[gene]
        after = links.vote(sparse.csr_array(other), training)
        np.testing.assert_array_equal(after.share[gene], before.share[gene])
        assert (after.share != before.share).any()  # its neighbours do


def test_a_training_gene_never_sees_the_labels_of_its_copies(random_genes) -> None:
    links, own, training = random_genes
    other = own.toarray()
    other[:4] = ~other[:4]
    after = links.vote(sparse.csr_array(other), training)
    np.testing.assert_array_equal(after.share[:4], links.vote(own, training).share[:4])


def test_an_unlabelled_gene_does_see_a_labelled_copy() -> None:
    links = neighbours({(0, 1): 9, (0, 2): 1, (1, 2): 1}, 3, copies=((0, 1),))
    own = labels("00", "10", "01")
    assert links.vote(own, mask("011")).share[0].tolist() == pytest.approx([0.9, 0.1])
    assert links.vote(labels("10", "10", "01"), mask("111")).share[0].tolist() == [0, 1]  # gene 2 alone


def test_genes_outside_training_are_never_seen(random_genes) -> None:
    links, own, training = random_genes
    other = own.toarray()
    other[~training] = ~other[~training]
    other = sparse.csr_array(other)
    before, after = links.vote(own, training), links.vote(other, training)
    for name in ("share", "strength", "count"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
    np.testing.assert_array_equal(vote.naive(other, training), vote.naive(own, training))
    np.testing.assert_array_equal(vote.components(other, training), vote.components(own, training))
    start = start_of(before, own, training)
    np.testing.assert_array_equal(start_of(after, other, training), start)
    prior = vote.naive(own, training)
    np.testing.assert_array_equal(
        mixed_of([start, start * 0.5], prior, other, training), mixed_of([start, start * 0.5], prior, own, training)
    )


def start_of(given, own, training):
    return vote.trust(given, own, training).start(given, vote.naive(own, training))


def mixed_of(starts, prior, own, training):
    return vote.mix(starts, prior, vote.mixture(starts, prior, own, training), len(training))


def test_naive_is_the_share_of_training_genes() -> None:
    assert vote.naive(labels("10", "11", "01", "01"), mask("1100")).tolist() == [1, 0.5]


def test_the_starting_score_mixes_vote_and_prior_as_far_as_the_vote_proved_right() -> None:
    # three of four training genes have the term: prior .75. Their votes 1 1 0 0 depart from it by .25 .25 -.75 -.75,
    # their labels 1 1 0 1 by .25 .25 -.75 .25. Least squares: a = (.0625 + .0625 + .5625 - .1875) / 1.25 = .4
    share = np.array([[1], [1], [0], [0], [1], [0]], np.float32)
    given = Vote(share, np.full(6, 2.0), np.ones(6, np.int64), np.full(6, 2.0))
    own, training = labels("1", "1", "0", "1", "0", "0"), mask("111100")
    score = start_of(given, own, training)
    assert score[4, 0] == pytest.approx(0.4 * 1 + 0.6 * 0.75)
    assert score[5, 0] == pytest.approx(0.4 * 0 + 0.6 * 0.75)


def test_a_strong_vote_is_trusted_and_a_weak_one_is_not() -> None:
    # 8 training genes with votes of strength 1, which are wrong, and 8 of strength 9, which are right
    own = labels(*["1", "0"] * 8, "0", "0")
    right = own.toarray()[:16].astype(np.float32)
    share = np.vstack([1 - right[:8], right[8:], [[1.0], [1.0]]]).astype(np.float32)
    strength = np.array([1.0] * 8 + [9.0] * 8 + [1.0, 9.0])
    training = mask("1" * 16 + "00")
    score = start_of(Vote(share, strength, np.ones(18, np.int64), strength), own, training)
    assert score[16, 0] == 0.5  # the prior
    assert score[17, 0] == 1.0  # the vote


def test_a_gene_without_a_vote_starts_at_the_prior(random_genes) -> None:
    _, own, training = random_genes
    # genes 0, 25 and 39 have no links
    links = neighbours({(i, i + 1): 2.0 for i in range(1, 38) if i not in (24, 25)}, 40)
    given = links.vote(own, training)
    prior = vote.naive(own, training)
    for gene in (0, 25, 39):
        np.testing.assert_array_equal(start_of(given, own, training)[gene], prior)
    nothing = neighbours({}, 40).vote(own, training)
    np.testing.assert_array_equal(start_of(nothing, own, training), np.tile(prior, (40, 1)))


def test_one_start_is_taken_as_it_is_and_none_is_the_prior() -> None:
    prior, training = np.array([0.2], np.float32), mask("11")
    start = np.array([[0.9], [0.1]], np.float32)
    np.testing.assert_array_equal(mixed_of([start], prior, labels("1", "0"), training), start)
    np.testing.assert_array_equal(mixed_of([], prior, labels("1", "0"), training), np.tile(prior, (2, 1)))


def test_a_start_that_proved_right_outweighs_one_that_did_not() -> None:
    own, training = labels("1", "0", "1", "0", "0"), mask("11110")
    prior = np.array([0.5], np.float32)
    right = np.array([[1], [0], [1], [0], [1]], np.float32)
    noise = np.array([[1], [1], [0], [0], [0]], np.float32)  # right in half of the genes: tells nothing
    np.testing.assert_allclose(mixed_of([right, noise], prior, own, training), right, atol=1e-6)
    np.testing.assert_allclose(mixed_of([noise, right], prior, own, training), right, atol=1e-6)
    # two that say the same share the weight: together as one
    np.testing.assert_allclose(mixed_of([right, right], prior, own, training), right, atol=1e-6)


def test_a_start_that_would_have_to_be_turned_around_has_no_weight_and_the_other_its_best_alone() -> None:
    # prior .5: labels depart by (.5, -.5), the starts by (.5, .25) and (.25, .5). Unconstrained least squares gives
    # them 2 and -2; without the second, the first has (.25 - .125) / (.25 + .0625) = .4
    own, training = labels("1", "0"), mask("11")
    starts = [np.array([[1], [0.75]], np.float32), np.array([[0.75], [1]], np.float32)]
    mixed = mixed_of(starts, np.array([0.5], np.float32), own, training)
    np.testing.assert_allclose(mixed, [[0.5 + 0.4 * 0.5], [0.5 + 0.4 * 0.25]], atol=1e-6)


def test_starts_that_agree_by_different_evidence_add_up() -> None:
    # each is right of two genes, and silent of two; of the last gene, not in training, both speak
    own, training = labels("1", "0", "1", "0", "0"), mask("11110")
    one = np.array([[0.75], [0.25], [0.5], [0.5], [0.625]], np.float32)
    other = np.array([[0.5], [0.5], [0.75], [0.25], [0.625]], np.float32)
    mixed = mixed_of([one, other], np.array([0.5], np.float32), own, training)
    np.testing.assert_allclose(mixed.ravel(), [1, 0, 1, 0, 0.5 + 2 * 0.125 + 2 * 0.125], atol=1e-6)


def test_starts_that_say_nothing_leave_the_prior() -> None:
    prior = np.array([0.5], np.float32)
    silent = np.tile(prior, (2, 1))
    np.testing.assert_array_equal(mixed_of([silent, silent], prior, labels("1", "0"), mask("11")), silent)


def test_components_are_where_labels_vary_and_their_signs_are_fixed() -> None:
    # terms 1 and 2 always together, 3 apart: of the variance 2 is in direction (1, 1, 0) / sqrt 2, 1 in (0, 0, 1), and
    # none in the third, since 1 and 2 never differ in the training genes
    own = labels("110", "111", "000", "001", "100", "011")
    found = vote.components(own, mask("111100"))
    np.testing.assert_allclose(found.T, [[np.sqrt(0.5), np.sqrt(0.5), 0], [0, 0, 1], [0, 0, 0]], atol=1e-6)
    assert not found[:, 2].any()
    assert vote.components(own, mask("110000")).shape == (3, 3)  # fewer genes than terms
    random = sparse.csr_array(np.random.default_rng(1).random((200, 30)) < 0.3)
    many = vote.components(random, np.ones(200, bool))
    assert many.shape == (30, vote.COMPONENTS)
    assert (many[np.abs(many).argmax(axis=0), np.arange(vote.COMPONENTS)] > 0).all()
    np.testing.assert_allclose(many.T @ many, np.eye(vote.COMPONENTS), atol=1e-5)
    again = vote.components(random[::-1], np.ones(200, bool))  # another order of the genes
    np.testing.assert_allclose(again, many, atol=1e-4)


def test_features_are_strength_count_and_place_and_missing_without_a_vote() -> None:
    given = Vote(np.array([[0.5, 0.1], [0, 0]], np.float32), np.array([7.0, 0]), np.array([3, 0]), np.array([9.0, 0]))
    directions = np.array([[1, 0], [0, -1]], np.float32)
    found = vote.features(given, directions, np.array([0.1, 0.3], np.float32))
    assert found[0].tolist() == pytest.approx([7, 3, 0.4, 0.2])  # (.5 - .1) and -(.1 - .3)
    assert found[1, :2].tolist() == [0, 0]
    assert np.isnan(found[1, 2:]).all()


def test_votes_join_by_the_weight_of_their_voters() -> None:
    one = neighbours({(0, 1): 3.0}, 2).vote(labels("00", "10"), mask("01"))
    other = Reference(sparse.csr_array([[1.0], [2.0]]), labels("11")).vote(labels("00", "10"), mask("01"))
    joined = vote.join([one, other])
    assert joined.share[0].tolist() == [1, 0.25]  # (3 + 1) / 4, (0 + 1) / 4
    assert joined.share[1].tolist() == [1, 1]  # gene 1 has the reference alone
    assert (joined.weight.tolist(), joined.strength.tolist(), joined.count.tolist()) == ([4, 2], [3, 2], [2, 1])


def test_a_reference_votes_whatever_the_labels_of_the_genes_are() -> None:
    # two proteins vote on gene 0, with 3 and 1; nobody on gene 1
    reference = Reference(sparse.csr_array([[3.0, 1.0], [0, 0]]), labels("10", "11"))
    given = reference.vote(labels("00", "00"), mask("11"))
    assert given.share.tolist() == [[1, 0.25], [0, 0]]
    assert reference.vote(labels("11", "11"), mask("00")).share.tolist() == given.share.tolist()


def test_a_reference_that_nobody_hits_does_not_vote() -> None:
    nobody = Reference(sparse.csr_array((2, 0)), sparse.csr_array((0, 3), dtype=bool))
    given = nobody.vote(labels("000", "000"), mask("11"))
    assert given.share.shape == (2, 3)
    assert not given.share.any()
    assert not given.strength.any()


def test_neighbours_in_training_are_heard_by_their_labels_others_by_what_is_told_and_copies_not_at_all() -> None:
    # gene 0 has the neighbours 1 (in training), 2 (not), 3 (a copy, in training)
    weights = np.zeros((4, 4))
    weights[0, 1:] = [3.0, 1.0, 9.0]
    copies = np.zeros((4, 4), bool)
    copies[0, 3] = True
    links = Neighbours(sparse.csr_array(weights), sparse.csr_array(copies))
    own = sparse.csr_array(np.array([[0, 0], [1, 0], [1, 1], [1, 1]], bool))
    told = np.array([[0, 0], [0.2, 0.2], [0.4, 0.8], [0, 0]], np.float32)
    heard = links.hear(own, np.array([False, True, False, True]), told)
    # (3 x label + 1 x told) / 4: the label of gene 2 is not looked at
    np.testing.assert_allclose(heard.share[0], [(3 * 1 + 0.4) / 4, (0 + 0.8) / 4])
    assert (heard.count[0], heard.strength[0], heard.weight[0]) == (2, 3.0, 4.0)
    assert heard.share[1].tolist() == [0, 0]


def test_of_a_joining_gene_the_neighbours_in_training_vote_copies_too_and_copies_are_not_heard_of() -> None:
    # two new genes, three known ones of which the last is not in training; the first new gene is a copy of gene 0
    copies = sparse.csr_array(np.array([[True, False, False], [False, False, False]]))
    joining = Joining(sparse.csr_array(np.array([[3.0, 1.0, 4.0], [0, 0, 2.0]])), copies)
    own, training = labels("10", "01", "11"), mask("110")
    given = joining.vote(own, training)
    assert given.share.tolist() == [[0.75, 0.25], [0, 0]]
    assert given.count.tolist() == [2, 0]
    told = np.array([[0, 0], [0, 0], [0.5, 0]], np.float32)
    heard = joining.hear(own, training, told)
    # gene 1 says 01, and of gene 2 is told .5, with weights 1 and 4
    np.testing.assert_allclose(heard.share, [[0.4, 0.2], [0.5, 0]], rtol=1e-6)


def test_a_place_does_not_depend_on_the_genes_beside_it() -> None:
    random = np.random.default_rng(1)
    share, directions = random.random((50, 300)).astype(np.float32), random.normal(size=(300, 16)).astype(np.float32)
    ones = np.ones(50)
    whole = vote.features(Vote(share, ones, ones.astype(int), ones), directions, share.mean(axis=0))
    for gene in range(50):
        own = slice(gene, gene + 1)
        alone = vote.features(
            Vote(share[own], ones[own], ones[own].astype(int), ones[own]), directions, share.mean(axis=0)
        )
        np.testing.assert_array_equal(alone[0], whole[gene])


def test_a_reading_is_written_and_read(tmp_path) -> None:
    trusts = [
        vote.Trust(np.array([1.0, 2.5]), np.array([0, 0.5, 1], np.float32), np.array([3, 4, 5])),
        vote.Trust(np.zeros(0), np.zeros(1, np.float32), np.zeros(1, np.int64)),
    ]
    some = np.array([0.5, 0.25], np.float32)
    vote.write_reading(tmp_path / "reading.npz", vote.Reading(some, some[:, None], trusts, some))
    again = vote.read_reading(tmp_path / "reading.npz")
    for name in ("prior", "directions", "weights"):
        np.testing.assert_array_equal(getattr(again, name), some[:, None] if name == "directions" else some)
    for one, other in zip(again.trust, trusts, strict=True):
        for part in ("edges", "weight", "count"):
            np.testing.assert_array_equal(getattr(one, part), getattr(other, part))
            assert getattr(one, part).dtype == getattr(other, part).dtype
