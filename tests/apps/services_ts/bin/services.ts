#!/usr/bin/env node
import * as cdk from 'aws-cdk-lib';
import { ServicesStack } from '../lib/services-stack';

const app = new cdk.App();
new ServicesStack(app, 'Services');
