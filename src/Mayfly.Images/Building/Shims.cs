using Mayfly.Linux;

namespace Mayfly.Images.Building;

/// <summary>
/// The layer that keeps services from starting while packages are configured: invoke-rc.d asks policy-rc.d (101 forbids),
/// and what calls start-stop-daemon itself gets one that does nothing.
/// </summary>
internal static class Shims
{
    public static void Make(string folder)
    {
        Nodes.MakeDirectory(folder, 0x1ed);
        Nodes.MakeDirectory($"{folder}/usr", 0x1ed);
        Nodes.MakeDirectory($"{folder}/usr/sbin", 0x1ed);
        Write($"{folder}/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n");
        Write($"{folder}/usr/sbin/start-stop-daemon", "#!/bin/sh\nexit 0\n");
    }

    private static void Write(string path, string text)
    {
        File.WriteAllText(path, text);
        Files.ChangeMode(path, 0x1ed);
    }
}
