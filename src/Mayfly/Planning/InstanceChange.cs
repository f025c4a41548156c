using Mayfly.Machines;

namespace Mayfly.Planning;

/// <summary>What becomes of one replica when a plan is run.</summary>
internal sealed record InstanceChange(ChangeKind Kind, string Component, int Replica, string Machine, string Reason)
{
    /// <summary>The instance to be; null when it only stops.</summary>
    public InstanceSpec? Wanted { get; init; }

    /// <summary>The instance that runs now; null when none does.</summary>
    public InstanceState? Current { get; init; }

    public string Name => $"{Component}-{Replica}";

    /// <summary>Compares what should run with what runs in the live view.</summary>
    public static IReadOnlyList<InstanceChange> Between(IReadOnlyList<InstanceSpec> wanted, IReadOnlyList<InstanceState> running)
    {
        var changes = new List<InstanceChange>();
        foreach (var instance in wanted)
        {
            var current = running.FirstOrDefault(state => state.Spec.Component == instance.Component && state.Spec.Replica == instance.Replica);
            var (kind, reason) = current switch
            {
                null => (ChangeKind.Start, "does not run"),
                { Phase: InstancePhase.Failed } => (ChangeKind.Replace, "has failed"),
                _ when current.Spec.Key != instance.Key => (ChangeKind.Replace, Difference(current.Spec, instance)),
                _ => (ChangeKind.Keep, ""),
            };
            changes.Add(new InstanceChange(kind, instance.Component, instance.Replica, instance.Machine, reason) { Wanted = instance, Current = current });
        }

        foreach (var state in running.Where(state => !wanted.Any(instance => instance.Component == state.Spec.Component && instance.Replica == state.Spec.Replica)))
            changes.Add(new InstanceChange(ChangeKind.Stop, state.Spec.Component, state.Spec.Replica, state.Spec.Machine, "is no longer declared") { Current = state });
        return changes;
    }

    private static string Difference(InstanceSpec old, InstanceSpec wanted)
        => !old.Layers.SequenceEqual(wanted.Layers) ? "its image changed"
            : old.Machine != wanted.Machine ? $"moves from {old.Machine} to {wanted.Machine}"
            : !old.Command.SequenceEqual(wanted.Command) ? "its command changed"
            : "its settings changed";
}

internal enum ChangeKind
{
    Keep,
    Start,
    Replace,
    Stop,
}
