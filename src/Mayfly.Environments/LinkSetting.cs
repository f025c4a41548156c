using Mayfly.Linux;

namespace Mayfly.Environments;

/// <summary>The way in which an environment gets its files, as <c>pyvenv.cfg</c> remembers it: so it changes with the environment, and goes back with it.</summary>
internal static class LinkSetting
{
    private const string Key = "mayfly-link-mode", Hardlink = "hardlink";

    public static LinkMode Of(string root) => PyvenvFile.Value(root, Key) == Hardlink ? LinkMode.Hardlink : LinkMode.Copy;

    /// <summary>Says it in an environment that is being made.</summary>
    public static void Note(string made, LinkMode mode)
    {
        if (mode != Of(made))
            File.WriteAllLines($"{made}/pyvenv.cfg", [.. File.ReadLines($"{made}/pyvenv.cfg").Where(static line => !IsOurs(line)), .. mode == LinkMode.Hardlink ? [$"{Key} = {Hardlink}"] : (string[])[]]);
    }

    /// <summary>True for a file that other environments may have too.</summary>
    public static bool IsShared(Node node) => node.Kind == NodeKind.File && SharedFile.Is(node.Links, node.Mode);

    private static bool IsOurs(string line) => line.Split('=', 2) is [var name, _] && name.Trim().Equals(Key, StringComparison.OrdinalIgnoreCase);
}
