using System.Security.Cryptography;
using System.Text;
using Mayfly.Packages;

namespace Mayfly.Images;

/// <summary>
/// The lock's table of account ids: one number a name for the whole stack, so that a volume keeps its owner whichever image
/// is over it. Pure.
/// </summary>
/// <remarks>
/// Below 100 ids belong to Debian for ever (policy 9.2.2) and need no table. From 100 to 999 the programs that make accounts choose a number:
/// the one of the table where that has the name, else one that the table gives to nobody. What they chose is appended.
/// </remarks>
public static class IdTable
{
    private const int First = 100, Last = 999;

    /// <summary>Digits of a layer's key that say what it was made from; the others say with which accounts.</summary>
    private const int InputDigits = 40;

    /// <summary>The table with the names that images made and it lacks, each with the number it has there when that one is free.</summary>
    /// <param name="table">The lock's table; what it says stays.</param>
    /// <param name="made">Accounts that images made, in the order in which they may keep their numbers.</param>
    public static IReadOnlyList<LockedId> Append(IReadOnlyList<LockedId> table, IEnumerable<LockedId> made)
    {
        IReadOnlyList<LockedId> chosen = [.. made.Where(IsChosen)];
        var result = new List<LockedId>(table);
        var names = table.Select(static id => (id.Kind, id.Name)).ToHashSet();
        var taken = table.Select(static id => (id.Kind, id.Id)).ToHashSet();
        // A new number is nobody's yet, user's or group's: systemd-sysusers gives no user the number of another's group. Group 100 is users, for ever.
        var known = table.Concat(chosen).Select(static id => id.Id).Append(First).ToHashSet();
        var moved = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var id in chosen)
        {
            if (!names.Add((id.Kind, id.Name)))
                continue;
            var number = id.Id;
            // A user and its group move together: most programs give them one number where they can.
            if (taken.Contains((id.Kind, number)) || moved.ContainsKey(id.Name)
                || chosen.Any(other => other.Name == id.Name && other.Id == number && !names.Contains((other.Kind, other.Name)) && taken.Contains((other.Kind, number))))
            {
                if (!moved.TryGetValue(id.Name, out number))
                    moved[id.Name] = number = Enumerable.Range(First, Last - First + 1).FirstOrDefault(free => !known.Contains(free));
                if (number == 0)
                    throw new MayflyException($"no number between {First} and {Last} is left for the account {id.Name}", "the stack's packages make too many accounts for one table; split it into two stacks");
                known.Add(number);
            }

            taken.Add((id.Kind, number));
            result.Add(id with { Id = number });
        }

        return result;
    }

    /// <summary>True for an account whose number some program chose, and would choose otherwise elsewhere.</summary>
    internal static bool IsChosen(LockedId id) => id.Id is >= First and <= Last && id is not { Kind: LockedIdKind.Group, Id: First };

    /// <summary>The longest row of numbers that the table gives to nobody: for names that it lacks.</summary>
    internal static (int First, int Last) Free(IReadOnlyList<LockedId> table)
    {
        var taken = table.Select(static id => id.Id).ToHashSet();
        var (best, start) = ((First: First, Last: First - 1), First);
        for (var number = First; number <= Last + 1; number++)
        {
            if (number <= Last && !taken.Contains(number))
                continue;
            if (number - start > best.Last - best.First + 1)
                best = (start, number - 1);
            start = number + 1;
        }

        return best;
    }

    /// <summary>True when the table has every one of these accounts, with this number.</summary>
    internal static bool Has(IReadOnlyList<LockedId> table, IEnumerable<LockedId> made) => made.Where(IsChosen).All(table.Contains);

    /// <summary>What the table says, as a short text.</summary>
    internal static string Fingerprint(IReadOnlyList<LockedId> table) => Hash(table)[..InputDigits];

    /// <summary>
    /// The key of a layer of packages. With the accounts that its scripts made its bytes are known, whatever else a table says: so a table that
    /// grows makes no layer anew.
    /// </summary>
    /// <param name="inputs">The hash of its packages and of everything below.</param>
    /// <param name="made">Its accounts.</param>
    internal static string KeyOf(string inputs, IReadOnlyList<LockedId> made) =>
        made.Any(IsChosen) ? $"{inputs[..InputDigits]}{Hash(made.Where(IsChosen))[InputDigits..]}" : inputs;

    /// <summary>How the keys of all layers with these inputs begin.</summary>
    internal static string InputsOf(string key) => key[..InputDigits];

    private static string Hash(IEnumerable<LockedId> ids) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', ids.Select(static id => $"{id.Kind} {id.Name} {id.Id}").Order(StringComparer.Ordinal)))));
}
