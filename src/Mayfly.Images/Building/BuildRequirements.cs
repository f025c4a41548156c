using Mayfly.Linux;

namespace Mayfly.Images.Building;

/// <summary>What making layers needs of this host; asked before anything is begun.</summary>
internal static class BuildRequirements
{
    /// <summary>Where scripts of packages run: with mounts, a network and a name of their own.</summary>
    public const Namespaces Isolation = Namespaces.Mounts | Namespaces.Network | Namespaces.HostName | Namespaces.Ipc;

    public static void Check()
    {
        if (!Environment.IsPrivilegedProcess)
            throw new MayflyException("building images needs root, because files get their packages' owners and an overlay is mounted", "run the command as root (sudo); lock, plan and graph work without");
        if (!File.ReadAllText("/proc/filesystems").Contains("overlay", StringComparison.Ordinal))
            throw new MayflyException("this kernel has no overlayfs, which images are built with", "load it with 'modprobe overlay', or use a kernel that has it (CONFIG_OVERLAY_FS)");
        try
        {
            new NamespaceThread(Isolation, "probe").Dispose();
        }
        catch (LinuxException e)
        {
            throw new MayflyException($"this host cannot build images: {e.Message}", "inside a container, start that one privileged, with all capabilities; otherwise the kernel needs CONFIG_NAMESPACES", e);
        }
    }
}
