using System.CommandLine;

namespace Mayfly.Cli.Env;

/// <summary><c>mayfly env …</c>: isolated environments of Python packages.</summary>
internal static class EnvVerb
{
    public static Command Create() => new("env", "Make and change isolated environments of Python packages")
    {
        CreateVerb.Create(), InstallVerb.Create(), RemoveVerb.Create(), UpgradeVerb.Create(), ListVerb.Create(), ShowVerb.Create(), FreezeVerb.Create(),
        LockVerb.Create(), SyncVerb.Create(), ExportVerb.Create(), DiffVerb.Create(), RollbackVerb.Create(), CopyVerb.Create(), DeleteVerb.Create(), RunVerb.Create(), WhichVerb.Create(), DoctorVerb.Create(),
    };
}
