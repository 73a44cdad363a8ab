#include <gtest/gtest.h>

#include "tests/persistence/ledger_contract.h"
#include "tests/support/wait_until.h"

namespace wutong::test {

TEST_P(LedgerContract, AFreeLeaseIsNobodys) {
  const auto lease = journal().lease();

  ASSERT_TRUE(lease) << lease.error().detail;
  EXPECT_EQ(lease->owner, "");
  EXPECT_EQ(lease->remaining_ms, 0);
}

TEST_P(LedgerContract, ALeaseIsTakenAndHeldAgainstOthers) {
  const auto taken = journal().renew("node a", 60'000);
  const auto refused = journal_of_other_gateway().renew("b", 60'000);

  ASSERT_TRUE(taken && refused);
  EXPECT_EQ(taken->owner, "node a");
  EXPECT_GT(taken->remaining_ms, 50'000);
  EXPECT_EQ(refused->owner, "node a");
  EXPECT_GT(refused->remaining_ms, 50'000);
  EXPECT_LE(refused->remaining_ms, 60'000);
}

TEST_P(LedgerContract, TheHolderRenewsItsLease) {
  ASSERT_TRUE(journal().renew("a", 10'000));

  const auto renewed = journal().renew("a", 90'000);

  EXPECT_EQ(renewed->owner, "a");
  EXPECT_GT(journal_of_other_gateway().lease()->remaining_ms, 80'000);
}

TEST_P(LedgerContract, WhoWatchesALeaseSeesEachRenewal) {
  ASSERT_EQ(journal().renew("a", 60'000)->owner, "a");
  const auto first = journal_of_other_gateway().lease();
  EXPECT_EQ(journal_of_other_gateway().lease()->renewal, first->renewal);
  EXPECT_EQ(journal_of_other_gateway().renew("b", 60'000)->renewal, first->renewal) << "refused";
  ASSERT_EQ(journal().renew("a", 60'000)->owner, "a");

  EXPECT_NE(journal_of_other_gateway().lease()->renewal, first->renewal);
}

TEST_P(LedgerContract, AReleasedLeaseIsNobodysAtOnce) {
  ASSERT_TRUE(journal().renew("a", 60'000));

  const auto released = journal().release("a");

  EXPECT_EQ(released->owner, "");
  EXPECT_EQ(journal().lease()->owner, "");
  EXPECT_EQ(journal_of_other_gateway().renew("b", 60'000)->owner, "b");
}

TEST_P(LedgerContract, OnlyTheHolderReleases) {
  ASSERT_TRUE(journal().renew("a", 60'000));

  const auto not_released = journal_of_other_gateway().release("b");

  EXPECT_EQ(not_released->owner, "a");
  EXPECT_EQ(journal().lease()->owner, "a");
}

TEST_P(LedgerContract, ALeaseThatRanOutKeepsItsNameUntilAnotherTakesIt) {
  ASSERT_TRUE(journal().renew("a", 20));

  const bool ran_out =
      wait_until(std::chrono::seconds(10), [&] { return journal().lease()->remaining_ms == 0; });
  const auto read = journal().lease();
  const auto taken = journal_of_other_gateway().renew("b", 60'000);

  ASSERT_TRUE(ran_out);
  EXPECT_EQ(read->owner, "a");
  EXPECT_EQ(taken->owner, "b");
  EXPECT_EQ(journal().renew("a", 60'000)->owner, "b");
}

}  // namespace wutong::test
