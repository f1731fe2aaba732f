import { describe, expect, it } from 'vitest';
import { memoryStorage } from '$lib/components/testing';
import { Review } from './review.svelte';

function started(storage = memoryStorage()) {
  const review = new Review(storage, 'bafy');
  review.all = [1, 2, 3, 4];
  return { review, storage };
}

describe('an answer to a proposal, row by row', () => {
  it('is complete when every row has an answer and every rejection a reason', () => {
    const { review } = started();
    expect(review.complete).toBe(false);
    review.approve([1]);
    review.reject([2], '');
    expect(review).toMatchObject({ approved: 1, rejected: 1, undecided: 2, unexplained: 1 });
    review.approveRest();
    expect(review).toMatchObject({ approved: 3, rejected: 1, undecided: 0, complete: false });
    review.reject([2], ' off topic ');
    expect(review.complete).toBe(true);
    expect(review.answer()).toEqual([{ key: 2, reason: 'off topic' }]);
  });

  it('takes a verdict back for another one', () => {
    const { review } = started();
    review.reject([1, 2], 'off topic');
    review.approve([1]);
    expect(review.verdict(1)).toBe('approved');
    expect(review.answer().map(({ key }) => key)).toEqual([2]);
    review.reject([1], 'after all');
    expect(review).toMatchObject({ approved: 0, rejected: 2, reasons: ['after all', 'off topic'] });
    review.reset();
    expect(review.undecided).toBe(4);
  });

  it('approves the rest without touching what was rejected', () => {
    const { review } = started();
    review.reject([3], 'wrong');
    review.approveRest();
    expect([1, 2, 3, 4].map((key) => review.verdict(key))).toEqual([
      'approved',
      'approved',
      'rejected',
      'approved'
    ]);
  });

  it('comes back after a reload, and not after it was signed', () => {
    const { review, storage } = started();
    review.approve([1]);
    review.reject([2], 'wrong');
    const { review: again } = started(storage);
    expect(again).toMatchObject({ approved: 1, rejected: 1 });
    expect(again.reason(2)).toBe('wrong');
    again.forget();
    expect(started(storage).review.undecided).toBe(4);
  });

  it('is nothing where what was kept is damaged', () => {
    const storage = memoryStorage();
    for (const kept of ['{"approved":["x"],"rejected":[]}', '{"approved":[],"rejected":[[1]]}', '7', '{']) {
      storage.setItem('tabtune.review.bafy', kept);
      expect(started(storage).review.undecided).toBe(4);
    }
  });
});
