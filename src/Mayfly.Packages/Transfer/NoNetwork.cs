using System.Net;

namespace Mayfly.Packages.Transfer;

/// <summary>
/// Work without a network: <c>--offline</c>, or <c>MAYFLY_OFFLINE=1</c>. Folders and servers on this machine's own loopback
/// addresses may still be asked, by number or as <c>localhost</c>, for no name needs a server to be found then.
/// </summary>
public static class NoNetwork
{
    /// <summary>The variable that the option sets, so that nothing this process starts can miss it.</summary>
    public const string Variable = "MAYFLY_OFFLINE";

    internal const string Refusal = "the network is not to be used (--offline or MAYFLY_OFFLINE)";

    internal const string Hint = "run the command once without --offline and MAYFLY_OFFLINE, so that the store has it, or name a depot in a folder that has it ([depot] addresses)";

    /// <summary>True when the environment asks for it.</summary>
    public static bool IsAsked => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } and not "0";

    /// <summary>Asks for it, for this process and those that it starts.</summary>
    public static void Ask() => Environment.SetEnvironmentVariable(Variable, "1");

    /// <summary>True when a place is on this machine.</summary>
    internal static bool Allows(Uri place) =>
        place.IsFile || place.Host == "localhost" || (IPAddress.TryParse(place.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    /// <summary>Names at once everything that no place of this machine can have.</summary>
    internal static void RequireReachable(IReadOnlyList<Wanted> wanted, Store store)
    {
        const int Named = 20;
        string[] missing = [.. wanted.Where(static file => !file.Places.Any(static place => Allows(place) && (!place.IsFile || File.Exists(place.LocalPath)))).Select(static file => file.Name)];
        if (missing.Length == 0)
            return;
        var more = missing.Length > Named ? $" and {missing.Length - Named} more" : "";
        throw new MayflyException($"{Refusal}, and the store {store.Root} lacks {missing.Length} packages: {string.Join(", ", missing.Take(Named))}{more}",
            "run the command once without --offline and MAYFLY_OFFLINE, so that the store has them, or name a depot that has them ([depot] addresses)");
    }
}
