namespace Mayfly.Images.Building;

/// <summary>What making layers needs of this host; asked before anything is begun.</summary>
internal static class BuildRequirements
{
    public static void Check()
    {
        if (!Environment.IsPrivilegedProcess)
            throw new MayflyException("building images needs root, because files get their packages' owners and an overlay is mounted", "run the command as root (sudo); lock, plan and graph work without");
        if (!File.ReadAllText("/proc/filesystems").Contains("overlay", StringComparison.Ordinal))
            throw new MayflyException("this kernel has no overlayfs, which images are built with", "load it with 'modprobe overlay', or use a kernel that has it (CONFIG_OVERLAY_FS)");
    }
}
