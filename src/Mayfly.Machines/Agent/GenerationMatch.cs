using Mayfly.Machines.Names;

namespace Mayfly.Machines.Agent;

/// <summary>Which of what runs is what a generation names.</summary>
internal static class GenerationMatch
{
    /// <summary>For each instance that it names the one that runs, or null: of the ids it went live with, else one that is the same by key.</summary>
    public static SupervisedInstance?[] Find(Generation generation, IReadOnlyList<string> ids, IReadOnlyCollection<SupervisedInstance> running)
    {
        HashSet<string> taken = [];
        return [.. generation.Instances.Select(spec =>
        {
            var match = running
                .Where(instance => !instance.Trial && instance.Label.View == NameTable.Live && !taken.Contains(instance.Id) && instance.Spec.Stack == generation.Stack
                    && instance.Spec.Component == spec.Component && instance.Spec.Replica == spec.Replica && instance.Spec.Key == spec.Key)
                .OrderBy(instance => ids.Contains(instance.Id) ? 0 : 1)
                .FirstOrDefault();
            if (match is not null)
                taken.Add(match.Id);
            return match;
        })];
    }

    /// <summary>The ids of those that were found.</summary>
    public static IReadOnlyList<string> Ids(SupervisedInstance?[] matches) => [.. matches.OfType<SupervisedInstance>().Select(match => match.Id)];
}
