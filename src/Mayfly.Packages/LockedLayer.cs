namespace Mayfly.Packages;

/// <summary>The stages of a set that become one layer: what the set had when it was first locked, or one addition to it.</summary>
public sealed record LockedLayer(IReadOnlyList<LockedStage> Stages)
{
    /// <summary>What the set asked for when it had this layer and those below it, and no more.</summary>
    public required IReadOnlyList<string> Requests { get; init; }

    /// <summary>True when it was added to what had been locked before.</summary>
    public bool IsAddition => Stages is [{ AddedTo: not null }, ..];

    /// <summary>A set's layers, lowest first; one without stages for a set that has none.</summary>
    public static IReadOnlyList<LockedLayer> Of(LockedSet set)
    {
        int[] starts = [0, .. Enumerable.Range(1, Math.Max(0, set.Stages.Count - 1)).Where(at => set.Stages[at].AddedTo is not null), set.Stages.Count];
        return
        [
            .. starts.Zip(starts.Skip(1)).Select(between => new LockedLayer([.. set.Stages.Take(between.First..between.Second)])
            {
                Requests = between.Second < set.Stages.Count ? set.Stages[between.Second].AddedTo! : set.Requests,
            }),
        ];
    }

    /// <summary>No time in this layer is later: its last stage's date.</summary>
    public DateTimeOffset DateIn(StackLock stack) => DatesIn(stack) is [.., var last] ? last : stack.Date;

    /// <summary>For each stage the date that scripts are told while it is installed: what the lock says there, else that of the stage before, or of the releases.</summary>
    public IReadOnlyList<DateTimeOffset> DatesIn(StackLock stack)
    {
        var date = stack.Date;
        return [.. Stages.Select(stage => date = stage.Date ?? date)];
    }
}
