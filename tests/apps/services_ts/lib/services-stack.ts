import * as path from 'path';
import { CfnOutput, Stack, StackProps } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { DockerImageAsset } from 'aws-cdk-lib/aws-ecr-assets';
import { Construct } from 'constructs';

/** Both images are built from the directory of all services. */
const SOURCES = path.join(__dirname, '..', 'services');

export class ServicesStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);

    const vpc = new ec2.Vpc(this, 'Vpc', { maxAzs: 2, natGateways: 0 });
    const cluster = new ecs.Cluster(this, 'Cluster', { vpc });

    const api = new DockerImageAsset(this, 'ApiImage', {
      directory: SOURCES,
      file: 'api/Dockerfile',
      target: 'release',
      buildArgs: { LOG_LEVEL: 'info' },
    });
    this.service(cluster, 'Api', ecs.ContainerImage.fromDockerImageAsset(api));
    this.service(
      cluster,
      'Worker',
      ecs.ContainerImage.fromAsset(SOURCES, {
        file: 'worker.Dockerfile',
        buildArgs: { QUEUE: 'jobs', CONCURRENCY: '4' },
        exclude: ['*.md'],
      }),
    );
    new CfnOutput(this, 'ApiImageUri', { value: api.imageUri });
  }

  private service(cluster: ecs.ICluster, name: string, image: ecs.ContainerImage): void {
    const task = new ecs.FargateTaskDefinition(this, `${name}Task`, { cpu: 256, memoryLimitMiB: 512 });
    task.addContainer('main', { image, logging: ecs.LogDrivers.awsLogs({ streamPrefix: name.toLowerCase() }) });
    new ecs.FargateService(this, name, {
      cluster,
      taskDefinition: task,
      desiredCount: 1,
      minHealthyPercent: 0,
      assignPublicIp: true,
      vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
    });
  }
}
