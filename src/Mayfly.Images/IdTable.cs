using Mayfly.Packages;

namespace Mayfly.Images;

/// <summary>
/// The lock's table of account ids: one number a name for the whole stack, so that a volume keeps its owner whichever image
/// is over it. Pure.
/// </summary>
/// <remarks>
/// Below 100 ids belong to Debian for ever (policy 9.2.2) and need no table. From 100 to 999 each image's own scripts count
/// up, in the order of their packages: the first name to ask for a number gets it, and a name that another image numbered
/// otherwise is renumbered there, in a small layer of its own over the packages.
/// </remarks>
public static class IdTable
{
    private const int First = 100, Last = 999;

    /// <summary>The table with the names that images made and it lacks, each with the number it has there when that one is free.</summary>
    /// <param name="table">The lock's table; what it says stays.</param>
    /// <param name="made">Accounts that images made, in the order of the images.</param>
    /// <param name="reserved">Accounts of the base, whose numbers nobody else gets.</param>
    public static IReadOnlyList<LockedId> Append(IReadOnlyList<LockedId> table, IEnumerable<LockedId> made, IReadOnlyList<LockedId> reserved)
    {
        var names = table.Select(static id => (id.Kind, id.Name)).ToHashSet();
        var taken = table.Concat(reserved).Select(static id => (id.Kind, id.Id)).ToHashSet();
        var result = new List<LockedId>(table);
        foreach (var id in made.Where(static id => id.Id is >= First and <= Last))
        {
            if (!names.Add((id.Kind, id.Name)))
                continue;
            var number = id.Id;
            if (taken.Contains((id.Kind, number)))
                number = Enumerable.Range(First, Last - First + 1).FirstOrDefault(free => !taken.Contains((id.Kind, free)));
            if (number == 0)
                throw new MayflyException($"no number between {First} and {Last} is left for the account {id.Name}", "the stack's packages make too many accounts for one table; split it into two stacks");
            taken.Add((id.Kind, number));
            result.Add(id with { Id = number });
        }

        return result;
    }

    /// <summary>What must be renumbered where these accounts were made: from the number made to the table's.</summary>
    internal static IReadOnlyList<Renumbering> Differing(IReadOnlyList<LockedId> table, IReadOnlyList<LockedId> made) =>
        [.. made.Where(static id => id.Id is >= First and <= Last)
            .Join(table, static id => (id.Kind, id.Name), static id => (id.Kind, id.Name), static (was, wanted) => new Renumbering(was.Kind, was.Name, was.Id, wanted.Id))
            .Where(static change => change.From != change.To)];
}

/// <summary>An account that gets the number which the stack's table has for its name.</summary>
internal sealed record Renumbering(LockedIdKind Kind, string Name, int From, int To);
